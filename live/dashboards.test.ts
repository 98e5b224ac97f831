import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inOrder, loadDashboards } from './dashboards.ts';

const FOLDER = join(import.meta.dirname, '..', 'grafana', 'dashboards');

describe('the order of dashboards', () => {
  it('begins with the own ones', () => {
    const names = ['sensor_overview.json', 'valves.json', 'pipeline_health.json', 'pumps.json'];
    expect(inOrder(names)).toEqual(['pumps.json', 'valves.json', 'sensor_overview.json', 'pipeline_health.json']); // prettier-ignore
  });

  it('knows each that comes with the project', async () => {
    const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.json'));
    const dashboards = [...(await loadDashboards(FOLDER)).values()];
    expect(dashboards).toHaveLength(names.length);
    const own = dashboards.filter(({ shown }) => shown.tags.includes('starter')).length;
    const [first] = dashboards.slice(own);
    expect(first!.shown.uid).toBe('sensor-overview');
  });
});
