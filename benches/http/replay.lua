-- Sends the requests of a list in turn. REQUESTS: the file. FIRST: how many to leave out. Begins again at the end.
local requests, count, place = {}, 0, tonumber(os.getenv("FIRST") or "0")

function init()
  for line in io.lines(os.getenv("REQUESTS")) do
    local method, path, token, body = line:match("^([^\t]+)\t([^\t]+)\t([^\t]+)\t(.*)$")
    local headers = { ["Host"] = "127.0.0.1", ["Accept"] = "application/json" }
    if token ~= "-" then headers["Authorization"] = "Bearer " .. token end
    if body == "-" then body = nil else headers["Content-Type"] = "application/json" end
    count = count + 1
    requests[count] = wrk.format(method, path, headers, body)
  end
end

function request()
  place = place % count + 1
  return requests[place]
end

function done(summary, latency)
  io.write(string.format('RESULT {"requests":%d,"micros":%d,"refused":%d,"errors":%d,"p50":%d,"p99":%d}\n',
    summary.requests, summary.duration, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
