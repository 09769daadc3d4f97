/** `sdp demo --fresh`: removes what this installation made, in the engine and on the disk, and nothing else. */
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import Docker from 'dockerode';
import { removeDemoWorld } from '#examples/demo/demo-world';
import { LABELS } from '#schema/names';
import { sqliteFile } from '#specs/connections';
import { openStore } from '#specs/open-store';
import { storeOptions } from './control-plane.ts';
import { serverSettings } from './server-settings.ts';

/** Holds the engine that `npm start` started itself: that one has been emptied, or removed, before. */
const KEPT = 'engine';

/** Gone, or going, is what is wanted. */
const GONE = new Set([404, 409]);

async function unlessGone(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!GONE.has((error as { statusCode?: number }).statusCode ?? 0)) throw error;
  }
}

/** Everything in an engine that carries the installation's id (invariant 3). */
export async function removeInstallation(socket: string, installation: string): Promise<void> {
  const docker = new Docker({ socketPath: socket });
  const filters = { label: [`${LABELS.installation}=${installation}`] };
  for (const { Id } of await docker.listContainers({ all: true, filters })) {
    await unlessGone(docker.getContainer(Id).remove({ force: true, v: true }));
  }
  for (const { Id } of await docker.listNetworks({ filters })) await unlessGone(docker.getNetwork(Id).remove());
  for (const image of await docker.listImages({ filters })) {
    // By name: an image that somebody gave a second name keeps that one.
    for (const ref of image.RepoTags ?? [image.Id]) {
      if (ref.startsWith('sdp/') || ref === image.Id) await unlessGone(docker.getImage(ref).remove());
    }
  }
}

async function installationOf(dataDir: string): Promise<string | undefined> {
  const settings = await serverSettings({ dataDir });
  const file = sqliteFile(settings.store);
  if (file !== undefined && !existsSync(file)) return undefined;
  const store = await openStore({ ...storeOptions(settings), acceptLostKeys: true });
  try {
    return await store.setting('installation');
  } finally {
    await store.close();
  }
}

/** @param options root: the folder that `npm start` keeps everything in. No SDP may run on it. */
export async function removeEverything(options: { root: string; dockerSocket: string }): Promise<void> {
  const { root, dockerSocket } = options;
  if (!existsSync(root)) return;
  const installation = await installationOf(path.join(root, 'server'));
  if (installation !== undefined) await removeInstallation(dockerSocket, installation);
  await removeDemoWorld({ root, docker: { socket: dockerSocket } });
  for (const name of await readdir(root)) {
    if (name !== KEPT) await rm(path.join(root, name), { recursive: true, force: true });
  }
}
