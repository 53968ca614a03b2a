/** The name of the resource server of a module that was given none. */
export const defaultResourceServerName = 'default';

/**
 * The injection token of a resource server: `@Inject(resourceServerToken()) api: ResourceServer`.
 *
 * Without a name, that of the module without a name.
 */
export function resourceServerToken(name: string = defaultResourceServerName): symbol {
  return Symbol.for(`assay.resource-server.${name}`);
}
