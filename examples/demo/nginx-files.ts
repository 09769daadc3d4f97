/** What goes into the base image of the nginx gateway. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SdpError } from '#schema/errors';
import { findProgram, runtimeFiles, withParents } from './base-image-files.ts';
import type { ImageEntry } from './image-tar.ts';
import { libraryClosure } from './library-closure.ts';

/** @param folder where `npm start` puts the program of a package that it does not install; it may be empty */
export async function nginxFiles(folder: string): Promise<ImageEntry[]> {
  const kept = join(folder, 'nginx');
  const nginx = findProgram('nginx') ?? (existsSync(kept) ? kept : undefined);
  if (nginx === undefined) throw new SdpError('missing_base_image', 'nginx is not on this machine, and its package could not be had.');
  return [
    ...withParents(await runtimeFiles(), await libraryClosure([nginx])),
    { kind: 'file', path: '/usr/sbin/nginx', from: nginx, mode: 0o755 },
    // Debian's nginx opens its log there before it reads its configuration.
    { kind: 'directory', path: '/var/log' },
    { kind: 'directory', path: '/var/log/nginx' },
    { kind: 'directory', path: '/var/lib' },
    { kind: 'directory', path: '/var/lib/nginx' },
  ];
}
