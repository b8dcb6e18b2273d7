/** Metrics on this machine's loopback, and nowhere else. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { TapewrightError } from '../core/errors.js';

export class MetricsServer {
  private constructor(private readonly server: Server) {}

  /** `port` 0: any that is free. Throws USAGE where it is taken. */
  static start(registry: Registry, port: number): Promise<MetricsServer> {
    const server = createServer((request, response) => {
      if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
        response.writeHead(404).end('see /metrics\n');
        return;
      }
      registry.metrics().then(
        (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
        (error: unknown) => response.writeHead(500).end(`${error instanceof Error ? error.message : String(error)}\n`),
      );
    });
    return new Promise((resolve, reject) => {
      server.once('error', (cause) => reject(new TapewrightError('USAGE', `--metrics ${port}: the port cannot be used (${(cause as NodeJS.ErrnoException).code}); name another, or 0 for any that is free`, { port }, { cause })));
      server.listen(port, '127.0.0.1', () => {
        // Whoever scrapes is no reason to stay.
        server.unref();
        resolve(new MetricsServer(server));
      });
    });
  }

  get address(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/metrics`;
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
