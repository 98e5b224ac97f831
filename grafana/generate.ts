// The command behind `npm run generate:grafana`: writes the committed dashboards from their TypeScript,
// or, with --check, fails when a committed file is not what it says.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { currentStatusAndEvents } from './current-status-and-events.ts';
import { currentStatusTable } from './current-status-table.ts';
import type { Dashboard } from './dashboard.ts';
import { pipelineHealth } from './pipeline-health.ts';
import { sensorOverview } from './sensor-overview.ts';

const FOLDER = join(import.meta.dirname, 'dashboards');

/** Every dashboard, by the name of its file in dashboards/. */
export const dashboards: Readonly<Record<string, Dashboard>> = {
  'sensor_overview.json': sensorOverview,
  'current_status_table.json': currentStatusTable,
  'current_status_and_events.json': currentStatusAndEvents,
  'pipeline_health.json': pipelineHealth,
};

/** The text of a dashboard's file. */
export function dashboardJson(dashboard: Dashboard): string {
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

/** The names of the committed files that are not what their dashboards say. */
export async function staleDashboards(folder: string = FOLDER): Promise<string[]> {
  const stale: string[] = [];
  for (const [file, dashboard] of Object.entries(dashboards)) {
    const committed = await readFile(join(folder, file), 'utf8').catch(() => '');
    if (committed !== dashboardJson(dashboard)) stale.push(file);
  }
  return stale;
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--check')) {
    const stale = await staleDashboards();
    for (const file of stale) {
      process.stderr.write(
        `grafana/dashboards/${file} is not what grafana/*.ts says; run: npm run generate:grafana\n`,
      );
    }
    return stale.length === 0 ? 0 : 1;
  }
  for (const [file, dashboard] of Object.entries(dashboards)) {
    await writeFile(join(FOLDER, file), dashboardJson(dashboard));
    process.stdout.write(`Wrote grafana/dashboards/${file}\n`);
  }
  return 0;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
