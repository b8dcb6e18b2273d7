/** A network between a client and a server on loopback that can be cut: what is sent then neither arrives nor fails. */
import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

export class Proxy {
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #cut = false;
  #refuses = false;
  /** From the server to clients. */
  bytes = 0;

  private constructor(private readonly server: Server) {}

  static async start(port: number, target: number): Promise<Proxy> {
    const server = createServer({ pauseOnConnect: true });
    const proxy = new Proxy(server);
    server.on('connection', (client) => proxy.#join(client, target));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** From now on nothing passes. */
  cut(): void {
    this.#cut = true;
    for (const pair of this.#pairs) for (const socket of pair) socket.pause();
  }

  /** Connections of before are gone, as after most cuts; new ones pass. */
  heal(): void {
    this.#cut = false;
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  /** Nobody is let in, and nobody stays: as a server that is down. */
  refuse(refuses: boolean): void {
    this.#refuses = refuses;
    if (refuses) this.heal();
  }

  async close(): Promise<void> {
    this.heal();
    this.server.close();
    await once(this.server, 'close');
  }

  #join(client: Socket, target: number): void {
    if (this.#refuses) {
      client.destroy();
      return;
    }
    const upstream = connect(target, '127.0.0.1');
    const pair = [client, upstream] as const;
    this.#pairs.add(pair);
    upstream.on('data', (data) => { this.bytes += data.length; });
    client.pipe(upstream);
    upstream.pipe(client);
    for (const socket of pair) {
      socket.setNoDelay(true);
      if (this.#cut) socket.pause();
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#pairs.delete(pair);
        client.destroy();
        upstream.destroy();
      });
    }
  }
}
