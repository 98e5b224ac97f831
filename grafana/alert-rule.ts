// An alert rule as Grafana provisions it: a query whose rows are a text each (what is wrong) and one
// number, a reduction that leaves the number as it is, and a threshold.
import type { Dashboard } from './dashboard.ts';
import { target } from './target.ts';

interface Query {
  readonly refId: string;
  readonly datasourceUid: string;
  /** Seconds before now; `$__timeFilter_ms` in the query reads it. */
  readonly relativeTimeRange: { readonly from: number; readonly to: number };
  readonly model: object;
}

export interface AlertRule {
  readonly uid: string;
  readonly title: string;
  readonly condition: 'C';
  readonly for: string;
  readonly noDataState: State;
  readonly execErrState: State;
  readonly dashboardUid: string;
  readonly panelId: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly data: readonly Query[];
}

type State = 'OK' | 'Alerting' | 'KeepLast';

/** What an author of a rule decides. */
export interface Rule {
  readonly uid: string;
  readonly title: string;
  readonly severity: 'warning' | 'critical';
  /** The value is above (gt) or below (lt) the limit. */
  readonly fires: readonly ['gt' | 'lt', number];
  /** How long it has to stay so before anybody is told. */
  readonly for: string;
  readonly windowSec: number;
  readonly sql: string;
  /** What to say when the query has no rows. */
  readonly noData: State;
  /** What to say when ClickHouse cannot be asked. One rule speaks then, not all of them. */
  readonly failed: State;
  /** What happened, in one line: a Go template that must not hold a dollar sign, which is the environment's. */
  readonly summary: string;
  /** What to look at first. */
  readonly description: string;
  readonly panel: { readonly dashboard: Dashboard; readonly title: string };
}

/** @throws {Error} when the panel that a rule points to does not exist. */
export function alertRule(rule: Rule): AlertRule {
  const { dashboard, title } = rule.panel;
  const panel = dashboard.panels.find((each) => each.title === title);
  if (panel === undefined) throw new Error(`${rule.title}: ${dashboard.uid} has no panel ${title}`);
  const range = { from: rule.windowSec, to: 0 };
  const expression = (refId: string, model: object): Query => ({
    refId,
    datasourceUid: '__expr__',
    relativeTimeRange: range,
    model: { refId, datasource: { type: '__expr__', uid: '__expr__' }, ...model },
  });
  const query = target(rule.sql, 'table');
  const [type, limit] = rule.fires;
  return {
    uid: rule.uid,
    title: rule.title,
    condition: 'C',
    for: rule.for,
    noDataState: rule.noData,
    execErrState: rule.failed,
    dashboardUid: dashboard.uid,
    panelId: panel.id,
    labels: { severity: rule.severity, service: 'sensorhouse' },
    annotations: { summary: rule.summary, description: rule.description },
    data: [
      {
        refId: 'A',
        datasourceUid: query.datasource.uid,
        relativeTimeRange: range,
        model: { ...query, intervalMs: 1_000, maxDataPoints: 43_200 },
      },
      expression('B', { type: 'reduce', expression: 'A', reducer: 'last' }),
      expression('C', {
        type: 'threshold',
        expression: 'B',
        conditions: [{ evaluator: { type, params: [limit] } }],
      }),
    ],
  };
}

/** A file for provisioning/alerting: all rules in one group, looked at every 30 seconds. */
export function ruleFile(rules: readonly AlertRule[]): object {
  const group = { orgId: 1, name: 'sensorhouse', folder: 'sensorhouse alerts', interval: '30s' };
  return { apiVersion: 1, groups: [{ ...group, rules }] };
}
