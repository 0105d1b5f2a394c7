// The same from CommonJS.

import gitops = require('gitops-core')

const yaml: string = gitops.build('app').yaml
const error: gitops.GitopsError = new gitops.KustomizeError('message', { code: 'code' })

console.log(yaml, error)
