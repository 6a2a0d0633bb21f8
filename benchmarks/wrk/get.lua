-- wrk -s get.lua URL -- PATH COUNT: GET PATH with one of COUNT ids, at random
function init(args)
  path, count = args[1], tonumber(args[2])
  math.randomseed(os.time())
end

function request()
  return wrk.format('GET', path .. 'container-' .. math.random(0, count - 1) .. '%3Av1.0.0')
end
