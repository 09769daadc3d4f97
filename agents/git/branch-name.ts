/** Branch names are data: checked before git sees them anywhere else. */
import { SdpError } from '#schema/errors';
import { runLocalGit } from './run-git.ts';

const bad = (name: string): SdpError =>
  new SdpError('bad_branch_name', `"${name.slice(0, 120)}" cannot be the name of a branch.`, {
    hint: 'Give the name as the git server shows it, such as feature/login-error.',
  });

/** @throws SdpError bad_branch_name */
export async function checkBranchName(name: string, signal: AbortSignal): Promise<void> {
  // Beginning dashes and `@{` would be an option or an expression to some git command.
  if (name === '' || name.length > 250 || name.startsWith('-') || name.includes('@{') || name.includes('\0')) {
    throw bad(name);
  }
  // Outside of any repository, so that nothing is looked up.
  const checked = await runLocalGit({
    args: ['check-ref-format', '--branch', name],
    cwd: '/',
    accept: [0, 1, 128, 129],
    signal,
  });
  if (checked.code !== 0 || checked.stdout.trimEnd() !== name) throw bad(name);
}
