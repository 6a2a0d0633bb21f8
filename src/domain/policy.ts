export type Action = 'container:read' | 'container:write' | 'spec:read' | 'spec:write' | 'object:read' | 'object:write' | 'operations:read'

/** open: any client may do anything, as Mozart allows. read-only: none may write, while a cluster is switched over. */
export type Policy = 'open' | 'read-only'

/** Returns whether a policy permits an action. Every route names its action, and the server asks here. */
export const permits = (policy: Policy, action: Action): boolean => policy === 'open' || !action.endsWith(':write')
