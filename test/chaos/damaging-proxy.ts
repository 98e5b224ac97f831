// Stands between Kafka's clients and a running broker and damages answers on their way, as a bad disk or a
// bad line damages record batches. Clients stay with it, because it puts its own port into the metadata.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { frames } from './commit-proxy.ts';

export interface DamagingProxy extends AsyncDisposable {
  /** `host:port` for KAFKA_BROKER. */
  readonly address: string;
  /** Answers that held `mark`, whose first byte is then another one as long as `damages` says. */
  readonly met: number;
  damages: (met: number) => boolean;
}

/** Before the broker at `broker`, `host:port`; damages what follows every `mark`. */
export async function startDamagingProxy(broker: string, mark: string): Promise<DamagingProxy> {
  const [host = '', port = ''] = broker.split(':');
  const state = { met: 0, damages: (_met: number) => true };
  const sockets = new Set<Socket>();
  const address = (): AddressInfo => server.address() as AddressInfo;
  const server = createServer((client) => {
    const upstream = connect(Number(port), host);
    for (const [one, other] of [[client, upstream], [upstream, client]] as const) {
      sockets.add(one);
      one.on('error', () => undefined);
      one.once('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    } // prettier-ignore
    client.pipe(upstream);
    upstream.on('data', frames((frame) => {
      replacePort(frame, host, Number(port), address().port);
      const at = frame.indexOf(mark);
      if (at > 0) {
        state.met += 1;
        if (state.damages(state.met)) frame[at]! ^= 1;
      }
      client.write(frame);
    })); // prettier-ignore
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    address: `${host}:${address().port}`,
    get met() {
      return state.met;
    },
    get damages() {
      return state.damages;
    },
    set damages(decides) {
      state.damages = decides;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** In metadata, a broker's port follows its host. */
function replacePort(frame: Buffer, host: string, port: number, own: number): void {
  const advertised = Buffer.alloc(host.length + 4);
  advertised.write(host);
  advertised.writeInt32BE(port, host.length);
  for (let at = frame.indexOf(advertised); at >= 0; at = frame.indexOf(advertised, at + 1)) {
    frame.writeInt32BE(own, at + host.length);
  }
}
