// A proxy that counts requests, and adds a delay to each, as a distance does. It is a process of its own, so that it takes no time from who is measured.
//
//   node proxy.mjs URL MILLISECONDS
import { Agent, createServer, request as send } from "node:http";

const target = new URL(process.argv[2]);
const delay = Number(process.argv[3]);
const agent = new Agent({ keepAlive: true });
let count = 0;

const server = createServer((request, response) => {
  if (request.url === "/_proxy/count") {
    response.end(String(count));
    count = 0;
    return;
  }
  count++;
  const forward = () => {
    const { host, ...headers } = request.headers;
    const onward = send({ agent, hostname: target.hostname, port: target.port, method: request.method, path: request.url, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    request.pipe(onward);
  };
  setTimeout(forward, delay);
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
