import ipaddr from "ipaddr.js";
import type { Route } from "./route.ts";

/** What an address stands for; only `public` is reachable without the operator's word. */
export type AddressClass =
  | "public"
  | "loopback"
  | "private"
  | "link-local"
  | "metadata"
  | "multicast"
  | "reserved"
  | "invalid";

/**
 * Where clouds answer workloads with credentials: AWS, Azure, GCP and others; AWS ECS and EKS;
 * Alibaba; Oracle; Azure's wire server. Some lie in ranges that are otherwise public.
 */
const METADATA: ReadonlySet<string> = new Set([
  "169.254.169.254",
  "169.254.170.2",
  "169.254.170.23",
  "100.100.100.200",
  "192.0.0.192",
  "168.63.129.16",
  "fd00:ec2::254",
  "fd00:ec2::23",
  "fd20:ce::254",
]);

/** Names of ipaddr.js's ranges; every range that is not here is `reserved`. */
const CLASSES: ReadonlyMap<string, AddressClass> = new Map([
  ["unicast", "public"],
  ["as112", "public"],
  ["as112v6", "public"],
  ["loopback", "loopback"],
  ["private", "private"],
  ["uniqueLocal", "private"],
  ["deprecatedSiteLocal", "private"],
  ["carrierGradeNat", "private"],
  ["linkLocal", "link-local"],
  ["multicast", "multicast"],
]);

const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");
const NAT64 = ipaddr.IPv6.parseCIDR("64:ff9b::/96");

function classifyIpv4(address: ipaddr.IPv4): AddressClass {
  if (METADATA.has(address.toString())) return "metadata";
  return CLASSES.get(address.range()) ?? "reserved";
}

function embeddedIpv4(address: ipaddr.IPv6): ipaddr.IPv4 {
  return new ipaddr.IPv4(address.toByteArray().slice(-4));
}

function classifyIpv6(address: ipaddr.IPv6): AddressClass {
  if (METADATA.has(address.toString())) return "metadata";
  // The operating system or a NAT64 gateway dials the IPv4 address inside.
  if (address.isIPv4MappedAddress()) return classifyIpv4(address.toIPv4Address());
  if (address.match(NAT64)) return classifyIpv4(embeddedIpv4(address));
  const found = CLASSES.get(address.range()) ?? "reserved";
  // Everything outside 2000::/3 is unassigned, whatever the library's table knows of it.
  return found === "public" && !address.match(GLOBAL_UNICAST) ? "reserved" : found;
}

/**
 * Says what an IP address stands for (IANA's special-purpose registries). An IPv4-mapped or NAT64
 * (RFC 6052, 64:ff9b::/96) address counts as the IPv4 address inside it; 6to4 and Teredo are
 * reserved. Only canonical text is an address: octal, short and zoned forms are `invalid`.
 */
export function classifyAddress(ip: string): AddressClass {
  if (ip.length > 45 || ip.includes("%")) return "invalid";
  if (ipaddr.IPv4.isValidFourPartDecimal(ip)) return classifyIpv4(ipaddr.IPv4.parse(ip));
  // The library reads ::a.b.c.d as ::ffff:a.b.c.d; it is the unroutable ::/96 (RFC 4291, 2.5.5.1).
  if (/^::[0-9.]+\.[0-9.]+$/.test(ip)) return ipaddr.IPv6.isValid(ip) ? "reserved" : "invalid";
  if (ip.includes(":") && ipaddr.IPv6.isValid(ip)) return classifyIpv6(ipaddr.IPv6.parse(ip));
  return "invalid";
}

/** Whether a route's connection may be made, and if not, which address is in the way. */
export type AddressVerdict =
  | { readonly ok: true }
  | {
    readonly ok: false;
    /** Machine word. */
    readonly reason: "address_not_allowed" | "no_address";
    readonly address: string;
    readonly addressClass: AddressClass;
    readonly message: string;
  };

/** What `allow_private: true` opens; multicast and reserved addresses are never dialled. */
const OPENED: ReadonlySet<AddressClass> = new Set([
  "loopback",
  "private",
  "link-local",
  "metadata",
]);

/**
 * Step 3: may the route's host be reached at the addresses that its name resolved to (or that it
 * is)? Every one must pass, so that no answer of a resolver can steer the proxy to the host's own
 * network. An address that the operator listed as a literal needs `allow_private` as well.
 */
export function checkAddresses(
  route: Pick<Route, "host" | "allowPrivate">,
  addresses: readonly string[],
): AddressVerdict {
  if (addresses.length === 0) {
    const message = `${route.host} has no address`;
    return { ok: false, reason: "no_address", address: "", addressClass: "invalid", message };
  }
  for (const address of addresses) {
    const addressClass = classifyAddress(address);
    if (addressClass === "public") continue;
    if (route.allowPrivate && OPENED.has(addressClass)) continue;
    const remedy = OPENED.has(addressClass)
      ? "; only a route with `allow_private: true` may reach it"
      : "; no route may reach it";
    const message = `${route.host} is at ${address}, a ${addressClass} address${remedy}`;
    return { ok: false, reason: "address_not_allowed", address, addressClass, message };
  }
  return { ok: true };
}
