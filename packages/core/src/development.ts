/** Whether this is somebody's desk. */
export function isDevelopment(): boolean {
  return stage() === 'development';
}

/** Whether real senders come here: everywhere but at a desk and in tests. */
export function isProduction(): boolean {
  return stage() === 'production';
}

function stage(): 'development' | 'test' | 'production' {
  try {
    const { process, navigator } = globalThis as {
      process?: { env?: Record<string, string | undefined> };
      navigator?: { userAgent?: string };
    };
    const mode = process?.env?.['NODE_ENV'];
    if (mode === 'test' || mode === 'production') return mode;
    // A Worker that is deployed has no NODE_ENV, and other runtimes no process.
    const isDeployed = navigator?.userAgent === 'Cloudflare-Workers' ? mode !== 'development' : process === undefined;
    return isDeployed ? 'production' : 'development';
  } catch {
    // A runtime may have an environment and let nobody read it.
    return 'production';
  }
}
