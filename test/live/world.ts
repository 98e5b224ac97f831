// The world of the live page's tests: a page on a database of its own, and a consumer's /metrics with the
// figures that a test sets.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLog } from '../../platform/log.ts';
import { readConfig } from '../../platform/config.ts';
import { liveVariables } from '../../live/config.ts';
import { start, type Live } from '../../live/main.ts';

export type Variables = Readonly<Record<string, string>>;

/** The page on a free port; `clickhouse` has credentials and `?database=` in it. */
export async function startLive(
  clickhouse: URL,
  more: Variables = {},
  folder?: string,
): Promise<Live> {
  const address = new URL('/', clickhouse);
  const { password, username } = clickhouse;
  address.username = '';
  address.password = '';
  const env = {
    CLICKHOUSE_URL: address.href,
    CLICKHOUSE_DB: clickhouse.searchParams.get('database') ?? 'default',
    GRAFANA_CLICKHOUSE_USER: decodeURIComponent(username),
    GRAFANA_CLICKHOUSE_PASSWORD: decodeURIComponent(password),
    // Nobody listens on port 1.
    KAFKA_BROKER: '127.0.0.1:1',
    CONSUMER_URL: 'http://127.0.0.1:1',
    LIVE_PORT: '0',
    ...more,
  };
  return start(readConfig(liveVariables, env), silentLog(), folder);
}

/** A consumer that is ready and has a lag. */
export async function fakeConsumer(lag: number): Promise<AsyncDisposable & { url: string }> {
  const server = createServer((_, response) => {
    response.end(`sensorhouse_consumer_rows_inserted_total{stream="sensor_data"} 100\nsensorhouse_consumer_lag_records{stream="sensor_data"} ${lag}\n`); // prettier-ignore
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface Event {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Reads the stream of a page until `enough` says so; what came. */
export async function readStream(
  url: string,
  enough: (events: readonly Event[]) => boolean,
): Promise<Event[]> {
  const stop = new AbortController();
  const response = await fetch(url, {
    signal: AbortSignal.any([stop.signal, AbortSignal.timeout(60_000)]),
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  const events: Event[] = [];
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const whole = text.split('\n\n');
    text = whole.pop()!;
    for (const each of whole) {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/s.exec(each) ?? [];
      if (name !== undefined) events.push({ name, data: JSON.parse(data!) as Event['data'] });
    }
    if (enough(events)) break;
  }
  stop.abort();
  return events;
}
