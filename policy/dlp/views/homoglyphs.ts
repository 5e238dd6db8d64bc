/**
 * Letters and signs that people read as an ASCII character though Unicode's compatibility
 * decomposition does not bring them there. Source: the shapes in Unicode's own code charts; kept to
 * scripts that common fonts draw alike (see also UTS 39, confusables).
 */
const LOOKALIKES: readonly (readonly [ascii: string, lookalikes: string])[] = [
  ["A", "\u0391\u0410\u13aa\u1d00\ua4ee\u2c6f"],
  ["B", "\u0392\u0412\u0299\u13f4\ua4d0\ua7b4"],
  ["C", "\u03f9\u0421\u1d04\u13df\ua4da\u2ca4\u216d"],
  ["D", "\u1d05\u13a0\ua4d3\u0110\u018a"],
  ["E", "\u0395\u0415\u1d07\u13ac\ua4f0\u2d39"],
  ["F", "\u03dc\ua730\ua4dd\ua798"],
  ["G", "\u050c\u0262\u13c0\ua4d6"],
  ["H", "\u0397\u041d\u029c\u13bb\ua4e7\u2c8e"],
  ["I", "\u0399\u0406\u04c0\u026a\ua4f2\u2c92\u07ca"],
  ["J", "\u0408\u1d0a\u13ab\ua4d9\u037f"],
  ["K", "\u039a\u041a\u1d0b\u13e6\ua4d7\u2c94\u049a"],
  ["L", "\u029f\u13de\ua4e1\u2cd0\u0141"],
  ["M", "\u039c\u041c\u1d0d\u13b7\ua4df\u2c98\u03fa"],
  ["N", "\u039d\u0274\ua4e0\u2c9a"],
  ["O", "\u039f\u041e\u1d0f\ua4f3\u2c9e\u0555\u00d8"],
  ["P", "\u03a1\u0420\u1d18\u13e2\ua4d1\u2ca2"],
  ["Q", "\u051a\u2d55\ua7af"],
  ["R", "\u0280\u13a1\ua4e3\u01a6"],
  ["S", "\u0405\ua731\u13da\ua4e2\u054f"],
  ["T", "\u03a4\u0422\u1d1b\u13a2\ua4d4\u2ca6"],
  ["U", "\u1d1c\ua4f4\u054d\u222a"],
  ["V", "\u1d20\u13d9\ua4e6\u0474\u2d38"],
  ["W", "\u051c\u1d21\u13b3\ua4ea"],
  ["X", "\u03a7\u0425\ua4eb\u2cac\ua7b3"],
  ["Y", "\u03a5\u03d2\u0423\u04ae\u028f\ua4ec\u2ca8"],
  ["Z", "\u0396\u1d22\u13c3\ua4dc"],
  ["a", "\u0251\u03b1\u0430\u237a"],
  ["b", "\u0184\u0432\u044c\u13cf\u1472\u0180"],
  ["c", "\u03f2\u0441\u2ca5\u1d9c"],
  ["d", "\u0501\u13e7\u146f\u0111\ua4d2"],
  ["e", "\u0435\u04bd\u212e\uab32\u0259"],
  ["f", "\u0192\uab35\ua799\u1e9d"],
  ["g", "\u0261\u0581\u018d\u1d83"],
  ["h", "\u04bb\u0570\u13c2\u0127"],
  ["i", "\u0131\u03b9\u0456\u0269\u1d7b\u02db"],
  ["j", "\u0458\u03f3\u0237"],
  ["k", "\u03ba\u043a\u0138\u2c95"],
  ["l", "\u01c0\u05c0\u05d5\u0142\u2223\u23fd\u04cf"],
  ["m", "\u043c\u217f"],
  ["n", "\u0578\u057c\u03b7\u043f"],
  ["o", "\u03bf\u043e\u0585\u05e1\u0647\u00f8\u1d11\u2c9f\u03c3"],
  ["p", "\u03c1\u0440\u2ca3\u03f1"],
  ["q", "\u051b\u0563\u0566"],
  ["r", "\u0433\u1d26\u2c85\uab47"],
  ["s", "\u0455\u01bd\uabaa"],
  ["t", "\u0442\u03c4\u0167"],
  ["u", "\u03c5\u057d\u028b\u1d1e\u0446"],
  ["v", "\u03bd\u0475\u05d8\u2228\u22c1"],
  ["w", "\u0461\u051d\u0561\u026f\u03c9"],
  ["x", "\u0445\u00d7\u03c7\u157d\u2a2f"],
  ["y", "\u0443\u03b3\u04af\u0263\u1eff"],
  ["z", "\u0290\u1d76\u0225"],
  ["0", "\u0b20\u3007"],
  ["1", "\u0661\u06f1\u05df"],
  ["3", "\u0417\u04e0\u0437\u01b7\u0292\u021c"],
  ["4", "\u13ce"],
  ["5", "\u01bc"],
  ["6", "\u0431\u13ee\u2cd2"],
  ["8", "\u0222\u0223"],
  ["-", "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u02d7\u2043\u06d4\u1806\u30fb"],
  ["_", "\u203f\u2040\u02cd\u2017"],
  [".", "\u00b7\u0701\u0702\u06d4\u3002\u2027\u2219\u22c5\u30fb"],
  ["/", "\u2044\u2215\u2571\u29f8\u1735\u2041"],
  ["\\", "\u2216\u29f5\u29f9\u3035"],
  [":", "\u05c3\u0589\u02d0\u2236\ua789\ua4fd\u02f8\u0703"],
  ["=", "\u1400\u30a0\ua4ff\u2e40"],
  ["+", "\u16ed\u2795"],
  ["~", "\u02dc\u2053\u223c"],
  ["%", "\u066a\u2052"],
  ["&", "\ua778"],
];

/** The first lookalike of an ASCII character that is listed, by code point. */
export function homoglyphs(): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  for (const [ascii, lookalikes] of LOOKALIKES) {
    for (const lookalike of lookalikes) {
      const codePoint = lookalike.codePointAt(0) ?? 0;
      if (!found.has(codePoint)) found.set(codePoint, ascii);
    }
  }
  return found;
}
