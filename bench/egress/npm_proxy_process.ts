/**
 * The npm peer, which only forwards: no rule, no scan. Reads its folder and the origin's port from
 * its arguments, prints its port, trusts what `--cert` names.
 */
import { Agent } from "node:https";
import { argv } from "node:process";
import { Proxy } from "http-mitm-proxy";

const [folder = "", originPort = ""] = argv.slice(2);
const proxy = new Proxy();
proxy.onError((_context, error) => console.error(error));
proxy.onRequest((context, next) => {
  const upstream = context.proxyToServerRequestOptions;
  if (upstream !== undefined) Object.assign(upstream, { host: "127.0.0.1", port: originPort });
  next();
});
proxy.listen({
  host: "127.0.0.1",
  port: 0,
  sslCaDir: folder,
  keepAlive: true,
  httpsAgent: new Agent({ keepAlive: true, rejectUnauthorized: false }),
}, () => console.log(proxy.httpPort));
