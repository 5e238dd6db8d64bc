import assert from "node:assert/strict";
import fc from "fast-check";
import { formatLogEvent, isLogged, type LogContext, type LogEvent } from "./log_event.ts";

const CONTEXT: LogContext = { ts: "2026-01-02T03:04:05.678Z", bottle: "dev-abcde", level: 2 };

function line(event: LogEvent, context: Partial<LogContext> = {}): Record<string, unknown> {
  return JSON.parse(formatLogEvent(event, { ...CONTEXT, ...context }) ?? "null");
}

Deno.test("an event is one line of JSON with the fields that it has", () => {
  const text = formatLogEvent({
    event: "egress_block",
    host: "a.example",
    method: "GET",
    path: "/x",
    status: 403,
    reason: "host_not_allowed",
    bytes: 0,
    ms: 12,
  }, CONTEXT);
  assert.equal(
    text,
    '{"ts":"2026-01-02T03:04:05.678Z","event":"egress_block","bottle":"dev-abcde",' +
      '"host":"a.example","method":"GET","path":"/x","status":403,' +
      '"reason":"host_not_allowed","bytes":0,"ms":12}\n',
  );
});

Deno.test("level 0 is silent, level 1 tells of blocks, warnings and reloads, level 2 of all", () => {
  const important = ["egress_block", "egress_warn", "egress_reload"] as const;
  const traffic = ["egress_request", "egress_response"] as const;
  for (const event of important) {
    assert.deepEqual([0, 1, 2].map((level) => isLogged(event, level as 0 | 1 | 2)), [
      false,
      true,
      true,
    ]);
  }
  for (const event of traffic) {
    assert.deepEqual([0, 1, 2].map((level) => isLogged(event, level as 0 | 1 | 2)), [
      false,
      false,
      true,
    ]);
  }
  assert.equal(formatLogEvent({ event: "egress_block" }, { ...CONTEXT, level: 0 }), undefined);
});

Deno.test("a query is left out at level 1, and its values at every level", () => {
  const event: LogEvent = { event: "egress_block", path: "/x", query: "?key=hush&hush2&a=b=hush3" };
  assert.equal(line(event, { level: 1 }).path, "/x");
  assert.equal(line(event).path, "/x?key=[redacted]&[redacted]&a=[redacted]");
});

Deno.test("a redactor sees each text whole before it is cut", () => {
  const secret = `${"s".repeat(1000)}hush${"t".repeat(100)}`;
  const redact = (text: string): string => text.replace(secret, "[gone]");
  const event: LogEvent = { event: "egress_warn", host: "h", path: `/${secret}`, reason: secret };
  const written = line(event, { redact });
  assert.equal(written.path, "/[gone]");
  assert.equal(written.reason, "[gone]");
});

Deno.test("no text can break the line, move a terminal's cursor or grow without end", () => {
  const text = fc.string({ unit: "binary", maxLength: 3000 });
  fc.assert(fc.property(text, text, text, (host, path, query) => {
    const written = formatLogEvent(
      { event: "egress_request", host, method: host, path, query: `?${query}`, reason: query },
      CONTEXT,
    );
    assert.ok(written !== undefined);
    assert.match(written, /^[\x20-\x7e]+\n$/);
    assert.ok(written.length < 6 * 6 * 1100);
    const shown: string = JSON.parse(written).host;
    assert.equal(shown, host.length <= 1024 ? host : `${host.slice(0, 1024)}...`);
  }));
});
