import assert from "node:assert/strict";
import { hostRoutes, parseRange, pickSubnets } from "./subnets.ts";

const zero = (): number => 0;

Deno.test("a bottle gets two adjoining ranges of eight addresses with fixed places in them", () => {
  assert.deepEqual(pickSubnets([], zero), {
    internal: "10.213.0.0/29",
    gateway: "10.213.0.1",
    sidecar: "10.213.0.2",
    agent: "10.213.0.3",
    egress: "10.213.0.8/29",
  });
});

Deno.test("a range that a network or a route overlaps is not taken", () => {
  const taken = [parseRange("10.0.0.0/8"), parseRange("172.16.0.0/12")].filter((r) => !!r);
  assert.equal(pickSubnets(taken, zero)?.internal, "192.168.208.0/29");
  const inside = [parseRange("10.213.0.9/32")].filter((r) => !!r);
  let turn = 0;
  assert.equal(pickSubnets(inside, () => turn++)?.internal, "10.213.0.16/29");
});

Deno.test("when every private range is routed elsewhere the benchmark range is left", () => {
  const taken = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].map(parseRange)
    .filter((r) => !!r);
  assert.equal(pickSubnets(taken, zero)?.internal, "198.19.0.0/29");
});

Deno.test("nothing is picked when everything is taken", () => {
  assert.equal(pickSubnets([{ base: 0, bits: 0 }], zero), undefined);
});

Deno.test("the kernel's routes are read without the default one", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(
      path,
      "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n" +
        "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n" +
        "br0\t000016AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n",
    );
    assert.deepEqual(await hostRoutes(path), [parseRange("172.22.0.0/16")]);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("a machine without the kernel's table has no routes to avoid", async () => {
  assert.deepEqual(await hostRoutes("/nonexistent"), []);
});
