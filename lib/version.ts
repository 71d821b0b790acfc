/** The version of the package; filled in by the build. */
export const VERSION: string = process.env.ALL_SMI_VIEW_VERSION ?? '0.0.0-dev';
