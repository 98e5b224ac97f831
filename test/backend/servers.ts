// The shape both backends have: endpoints, and a way to stop what was started.

export interface Servers extends AsyncDisposable {
  /** `host:port` */
  kafkaBootstrap: string;
  /** `http://user:password@host:port` */
  clickhouseUrl: string;
}

/** The user both backends give the tests. */
export const CREDENTIALS = { user: 'sensor', password: 'test:pass' };

/** The URL of a ClickHouse on this machine with the tests' credentials in it. */
export function clickhouseUrl(port: number): string {
  const url = new URL(`http://127.0.0.1:${port}`);
  url.username = encodeURIComponent(CREDENTIALS.user);
  url.password = encodeURIComponent(CREDENTIALS.password);
  return url.href.replace(/\/$/, '');
}

const READY_TIMEOUT_MS = 120_000;

/** Waits until a query with the tests' credentials succeeds; rejects when `ended` does. */
export function clickhouseReady(port: number, ended: Promise<never>): Promise<void> {
  return Promise.race([ended, untilItAnswers(port)]);
}

async function untilItAnswers(port: number): Promise<void> {
  const { user, password } = CREDENTIALS;
  const headers = { 'X-ClickHouse-User': user, 'X-ClickHouse-Key': password };
  const deadline = performance.now() + READY_TIMEOUT_MS;
  let last = 'no answer';
  while (performance.now() < deadline) {
    try {
      const signal = AbortSignal.timeout(5_000);
      const asked = { method: 'POST', headers, body: 'SELECT 1', signal };
      const response = await fetch(`http://127.0.0.1:${port}/`, asked);
      last = (await response.text()).trim();
      if (response.ok && last === '1') return;
    } catch {
      // not listening yet
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`ClickHouse on port ${port} did not become ready: ${last.slice(0, 300)}`);
}
