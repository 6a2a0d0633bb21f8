export type Action = 'container:read' | 'container:write' | 'spec:read' | 'spec:write' | 'object:read' | 'object:write' | 'operations:read'

/** open: everybody may do everything, as Mozart allows. read-only: nobody may write, while a cluster is switched over. */
export type Policy = 'open' | 'read-only'

/** The one door: what a policy permits. Every route names its action, and the server asks here. */
export const permits = (policy: Policy, action: Action): boolean => policy === 'open' || !action.endsWith(':write')
