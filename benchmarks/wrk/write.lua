-- wrk -s write.lua URL -- form|json PATH COUNT: register one of COUNT containers again, at random
local bucket = 's3://s3-us-west-2.amazonaws.com/code-bucket/'
local digest = 'sha256:' .. string.rep('a', 64)

local function encode(text)
  return (text:gsub('[^%w_.~-]', function(c) return string.format('%%%02X', c:byte()) end))
end

local function urls(id)
  local x, arm = bucket .. id .. '.tar.gz', bucket .. id .. '-arm64.tar.gz'
  return '{"x86_64": "' .. x .. '", "amd64": "' .. x .. '", "arm64": "' .. arm .. '", "aarch64": "' .. arm .. '"}'
end

function init(args)
  style, path, count = args[1], args[2], tonumber(args[3])
  math.randomseed(os.time())
end

function request()
  local id = 'container-' .. math.random(0, count - 1) .. ':v1.0.0'
  local url = bucket .. id .. '.tar.gz'
  if style == 'form' then
    local body = 'name=' .. encode(id) .. '&version=v1.0.0&url=' .. encode(url) .. '&resource=container&digest=' .. encode(digest) .. '&urls=' .. encode(urls(id))
    return wrk.format('POST', path, { ['Content-Type'] = 'application/x-www-form-urlencoded' }, body)
  end
  local quoted = urls(id):gsub('"', '\\"')
  local body = '{"id": "' .. id .. '", "digest": "' .. digest .. '", "url": "' .. url .. '", "version": "v1.0.0", "urls": "' .. quoted .. '"}'
  return wrk.format('PUT', path .. encode(id), { ['Content-Type'] = 'application/json' }, body)
end
