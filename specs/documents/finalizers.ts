/** A sandbox is gone when its containers, networks, ports and routes are: the reconciler's work before that. */
export const CLEANUP = 'sdp/cleanup';

export const SANDBOX_FINALIZERS: readonly string[] = [CLEANUP];
