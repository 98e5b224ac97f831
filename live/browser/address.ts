// What the page shows, as it stands in its address: the same addresses as Grafana's
// (/d/uid?from=now-15m&to=now&refresh=5s&var-device_id=…), so that links work in both.
import type { PublicDashboard } from '../model/dashboard.ts';
import type { TimeRange } from '../model/time-range.ts';

export interface View {
  readonly uid: string;
  readonly range: TimeRange;
  /** `` is off. */
  readonly refresh: string;
  readonly variables: Readonly<Record<string, readonly string[]>>;
}

/** The uid in the address; undefined when there is none. */
export function uidOf(path: string): string | undefined {
  return /^\/d\/([\w-]+)/.exec(path)?.[1];
}

/** The view an address names; what it leaves out is the dashboard's own. */
export function readView(dashboard: PublicDashboard, search: string): View {
  const query = new URLSearchParams(search);
  const variables = dashboard.variables.map(({ initial, name }) => {
    const given = query.getAll(`var-${name}`);
    return [name, given.length > 0 ? given : initial] as const;
  });
  const refresh = query.get('refresh') ?? dashboard.refresh;
  return {
    uid: dashboard.uid,
    range: {
      from: query.get('from') ?? dashboard.time.from,
      to: query.get('to') ?? dashboard.time.to,
    },
    refresh: refresh === 'off' ? '' : refresh,
    variables: Object.fromEntries(variables),
  };
}

/** The query part of an address or of a request for the stream. */
export function viewSearch({ range, refresh, variables }: View): URLSearchParams {
  const query = new URLSearchParams({ from: range.from, to: range.to, refresh: refresh || 'off' });
  for (const [name, values] of Object.entries(variables)) {
    for (const value of values) query.append(`var-${name}`, value);
  }
  return query;
}

/** The address of a view. */
export function viewAddress(view: View): string {
  return `/d/${view.uid}?${viewSearch(view).toString()}`;
}
