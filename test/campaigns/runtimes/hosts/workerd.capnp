using Workerd = import "/workerd/workerd.capnp";

# The Node API, and with it `node:crypto`, became a part of every Worker with the compatibility date 2026-08-04. Before
# that, WebCrypto is all there is.
const withNode :Workerd.Config = (
  services = [
    (name = "host", worker = (modules = .modules, compatibilityDate = "2026-11-01")),
    .internet,
  ],
  sockets = [.http],
);

const withoutNode :Workerd.Config = (
  services = [
    (name = "host", worker = (modules = .modules, compatibilityDate = "2026-01-01")),
    .internet,
  ],
  sockets = [.http],
);

const modules :List(Workerd.Worker.Module) = [(name = "host", esModule = embed "workerd.js")];

# The host calls the suite, which listens on loopback.
const internet :Workerd.Service = (name = "internet", network = (allow = ["local"]));

const http :Workerd.Socket = (name = "http", address = "127.0.0.1:0", http = (), service = "host");
