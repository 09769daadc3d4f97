/** Pulls a public image and keeps it under a name of the demo's own. */
import type Docker from 'dockerode';
import { SdpError } from '#schema/errors';

/** A registry that has not answered within this many milliseconds is not reachable from here (A2). */
const ANSWER_WITHIN = 3_000;
/** Longest pull in milliseconds. */
const PULL_WITHIN = 180_000;

const split = (ref: string): { repo: string; tag: string } => {
  const colon = ref.lastIndexOf(':');
  return { repo: ref.slice(0, colon), tag: ref.slice(colon + 1) };
};

function pull(docker: Docker, ref: string): Promise<void> {
  const abort = new AbortController();
  const { repo, tag } = split(ref);
  return new Promise<void>((resolve, reject) => {
    const stop = (why: string): void => {
      abort.abort();
      reject(new SdpError('missing_base_image', `${ref}: ${why}`));
    };
    const answered = setTimeout(() => stop(`no answer within ${ANSWER_WITHIN / 1000} s`), ANSWER_WITHIN);
    const finished = setTimeout(() => stop(`not there after ${PULL_WITHIN / 1000} s`), PULL_WITHIN);
    const done = (error?: unknown): void => {
      clearTimeout(answered);
      clearTimeout(finished);
      if (error === undefined || error === null) resolve();
      else reject(error instanceof Error ? error : new Error(String(error)));
    };
    docker
      .createImage({ fromImage: repo, tag, abortSignal: abort.signal })
      .then((stream) => {
        docker.modem.followProgress(stream, (error) => done(error), () => clearTimeout(answered));
      })
      .catch(done);
  });
}

/** The public name stays only where it was before. @throws when the registry cannot be reached */
export async function pullAs(docker: Docker, publicRef: string, ownRef: string): Promise<void> {
  const there = await docker.getImage(publicRef).inspect().then(() => true, () => false);
  if (!there) await pull(docker, publicRef);
  await docker.getImage(publicRef).tag(split(ownRef));
  if (!there) await docker.getImage(publicRef).remove();
}
