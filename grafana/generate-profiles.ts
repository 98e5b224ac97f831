// Writes the committed dashboards of the compose profiles from their TypeScript. They lie in a folder of
// their own: their queries are not SQL, so neither the live page nor the tests of SQL panels read them.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { logs } from './logs.ts';
import { pipelineMetrics } from './pipeline-metrics.ts';
import type { ProfileDashboard } from './profile-panel.ts';

const FOLDER = join(import.meta.dirname, 'dashboards', 'profiles');

/** Every dashboard of a profile, by the name of its file in dashboards/profiles/. */
export const profileDashboards: Readonly<Record<string, ProfileDashboard>> = {
  'logs.json': logs,
  'pipeline_metrics.json': pipelineMetrics,
};

function json(dashboard: ProfileDashboard): string {
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

/** The names of the committed files that are not what their dashboards say. */
export async function staleProfileDashboards(folder: string = FOLDER): Promise<string[]> {
  const stale: string[] = [];
  for (const [file, dashboard] of Object.entries(profileDashboards)) {
    const committed = await readFile(join(folder, file), 'utf8').catch(() => '');
    if (committed !== json(dashboard)) stale.push(file);
  }
  return stale;
}

/** Writes each file and says so. */
export async function writeProfileDashboards(): Promise<void> {
  for (const [file, dashboard] of Object.entries(profileDashboards)) {
    await writeFile(join(FOLDER, file), json(dashboard));
    process.stdout.write(`Wrote grafana/dashboards/profiles/${file}\n`);
  }
}
