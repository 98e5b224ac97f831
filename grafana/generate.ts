// The command behind `npm run generate:grafana`: writes the committed dashboards and alert rules from their
// TypeScript, or, with --check, fails when a committed file differs.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { flagOption, readCommandLine, type CommandLine } from '../platform/command-line.ts';
import { ruleFile } from './alert-rule.ts';
import { alertRules } from './alert-rules.ts';
import { currentStatusAndEvents } from './current-status-and-events.ts';
import { currentStatusTable } from './current-status-table.ts';
import type { Dashboard } from './dashboard.ts';
import { staleProfileDashboards, writeProfileDashboards } from './generate-profiles.ts';
import { pipelineHealth } from './pipeline-health.ts';
import { sensorOverview } from './sensor-overview.ts';
import { trafficOverview } from './traffic-overview.ts';

/** Every dashboard over ClickHouse, by the name of its file in dashboards/. */
export const dashboards: Readonly<Record<string, Dashboard>> = {
  'sensor_overview.json': sensorOverview,
  'current_status_table.json': currentStatusTable,
  'current_status_and_events.json': currentStatusAndEvents,
  'traffic_overview.json': trafficOverview,
  'pipeline_health.json': pipelineHealth,
};

const RULES = `# Generated from grafana/alert-rules.ts by \`npm run generate:grafana\`: do not edit, change it there.
${stringify(ruleFile(alertRules), { lineWidth: 0, aliasDuplicateObjects: false })}`;

/** The text of every generated file, by its path in this folder. */
export const generated: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(dashboards).map(([file, dashboard]) => {
      return [join('dashboards', file), `${JSON.stringify(dashboard, null, 2)}\n`];
    }),
  ),
  [join('provisioning', 'alerting', 'rules.yaml')]: RULES,
};

/** The paths of the committed files that are not what their sources say. */
export async function staleFiles(folder: string = import.meta.dirname): Promise<string[]> {
  const stale: string[] = [];
  for (const [file, text] of Object.entries(generated)) {
    const committed = await readFile(join(folder, file), 'utf8').catch(() => '');
    if (committed !== text) stale.push(file);
  }
  return stale;
}

export const generateGrafanaCommand = {
  about: 'Writes the dashboards and alert rules from their TypeScript.',
  command: 'npm run generate:grafana',
  options: { check: flagOption('write nothing; exit code 1 if a file is not up to date') },
  exitCodes: { 1: 'with --check, a file is not up to date' },
} as const satisfies CommandLine;

async function main(check: boolean): Promise<number> {
  if (check) {
    const profiles = await staleProfileDashboards();
    const stale = [
      ...(await staleFiles()),
      ...profiles.map((file) => join('dashboards', 'profiles', file)),
    ];
    for (const file of stale) {
      process.stderr.write(
        `grafana/${file} differs from grafana/*.ts; run: npm run generate:grafana\n`,
      );
    }
    return stale.length === 0 ? 0 : 1;
  }
  for (const [file, text] of Object.entries(generated)) {
    await writeFile(join(import.meta.dirname, file), text);
    process.stdout.write(`Wrote grafana/${file}\n`);
  }
  await writeProfileDashboards();
  return 0;
}

if (import.meta.main) {
  process.exitCode = await main(readCommandLine(generateGrafanaCommand).values.check);
}
