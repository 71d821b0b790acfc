/** The version of the package; the build fills it in. */
export const VERSION: string = process.env.ALL_SMI_VIEW_VERSION ?? '0.0.0-dev';
