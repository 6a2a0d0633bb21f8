-- wrk -s manifest.lua URL -- PATH...: GET one of these manifests in turn, as docker asks for them
function init(args)
  paths, at = args, 0
  wrk.headers['Accept'] =
    'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, ' ..
    'application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json'
  wrk.headers['User-Agent'] = 'docker/28.1.1 go/go1.24 kernel/6.1 os/linux arch/amd64'
end

function request()
  at = at % #paths + 1
  return wrk.format('GET', paths[at])
end
