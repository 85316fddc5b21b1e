using System.Text.Json.Nodes;
using EbpfLb.Testing.ApiServer;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Chaos.Faults;

/// <summary>The API server goes away, is slow, fails and lies.</summary>
internal static class ApiFaults
{
    public static IReadOnlyList<Fault> All { get; } =
    [
        new("api-killed", Killed), new("api-other", Other), new("api-slow", Slow), new("api-cut", Cut), new("api-errors", Errors),
        new("api-410", Expired), new("api-lies", Lies), new("api-garbage", Garbage), new("changes", Many),
    ];

    private static void Killed(Bed bed, Random random, bool isShort)
    {
        for (var i = 0; i < (isShort ? 1 : 3); i++)
        {
            bed.Api.StopAsync().GetAwaiter().GetResult();
            bed.Objects.Change(random, 30);
            bed.Api.StartAgainAsync().GetAwaiter().GetResult();
            bed.Objects.Change(random, random.Next(5));
        }
    }

    /// <summary>Another etcd, with the same objects and more, and a history of its own.</summary>
    private static void Other(Bed bed, Random random, bool isShort)
    {
        bed.Api.StopAsync().GetAwaiter().GetResult();
        bed.Api.Reset();
        bed.Objects.ApplyAll();
        bed.Objects.Change(random, 20);
        bed.Api.StartAgainAsync().GetAwaiter().GetResult();
    }

    /// <summary>Requests are taken and not answered while objects change.</summary>
    private static void Slow(Bed bed, Random random, bool isShort)
    {
        for (var i = 0; i < (isShort ? 1 : 3); i++)
        {
            var before = bed.Api.Requests.Count;
            bed.Api.Faults.Hold();
            bed.Api.CutWatches();
            bed.Objects.Change(random, 20);
            Eventually.True(() => bed.Api.Requests.Count > before, "the agent to ask again");
            bed.Objects.Change(random, 20);
            bed.Api.Faults.Release();
        }
    }

    /// <summary>Watches end in the middle of an event, lists in the middle of an item.</summary>
    private static void Cut(Bed bed, Random random, bool isShort)
    {
        for (var i = 0; i < (isShort ? 1 : 5); i++)
        {
            bed.Objects.Change(random, 10);
            bed.Api.Faults.CutNextLists(2);
            bed.Api.Compact();
            bed.Api.CutWatchesMidLine();
        }
    }

    private static void Errors(Bed bed, Random random, bool isShort)
    {
        foreach (var code in (int[])(isShort ? [500] : [500, 503, 429, 403, 401, 404]))
        {
            bed.Api.Faults.FailNext(code, 1 + random.Next(4), code == 429 ? 1 : null);
            bed.Objects.Change(random, 10);
            bed.Api.CutWatches();
        }
    }

    /// <summary>A storm of 410: each watch ends as soon as it begins, as an event or as a status.</summary>
    private static void Expired(Bed bed, Random random, bool isShort)
    {
        for (var i = 0; i < (isShort ? 20 : 200); i++)
        {
            bed.Api.Faults.ExpiredAsStatus = random.Next(2) == 0;
            bed.Objects.Change(random);
            bed.Api.Compact();
            bed.Api.ExpireWatches();
        }
    }

    /// <summary>
    /// Events come twice, in another order and long after they were true. The watch is believed, as by every client; the list is what
    /// is right, and `ebpflb verify` asks for it.
    /// </summary>
    private static void Lies(Bed bed, Random random, bool isShort)
    {
        for (var i = 0; i < (isShort ? 1 : 10); i++)
        {
            bed.Objects.Change(random, 20);
            bed.Api.RepeatEvents(random, 200);
        }
        bed.Agent.Command("verify");
    }

    private static void Garbage(Bed bed, Random random, bool isShort)
    {
        for (var i = 0; i < (isShort ? 1 : 5); i++)
        {
            bed.Api.SendGarbage();
            bed.Objects.Change(random, 5);
            foreach (var json in Malformed(i)) bed.Api.Apply(json);
            bed.Objects.Change(random, 5);
        }
        for (var i = 0; i < (isShort ? 1 : 5); i++)
        {
            foreach (var json in Malformed(i))
            {
                var resource = FakeResource.All.Single(known => known.Kind == (string?)json["kind"]);
                bed.Api.Delete(resource, (string)json["metadata"]!["name"]!, "default");
            }
        }
    }

    /// <summary>What no API server would have taken, and one object of 8 MB.</summary>
    private static IEnumerable<JsonObject> Malformed(int number)
    {
        foreach (var (kind, rest) in ((string, string)[])
        [
            ("Service", "\"spec\":{\"clusterIP\":5,\"ports\":\"many\"}"),
            ("Service", "\"spec\":{\"clusterIPs\":[\"10.96.300.1\"],\"ports\":[{\"port\":-1}]}"),
            ("Service", "\"spec\":null"),
            ("EndpointSlice", "\"addressType\":\"IPv9\",\"endpoints\":{}"),
            ("EndpointSlice", "\"addressType\":\"IPv4\",\"ports\":[{\"port\":\"\\ud83d\\ude00\"}],\"endpoints\":[{\"addresses\":[null]}]"),
        ])
        {
            var name = $"bad{number}-{rest.Length}";
            yield return JsonNode.Parse(
                $$$"""{"kind":"{{{kind}}}","metadata":{"name":"{{{name}}}","namespace":"default"},{{{rest}}}}""")!.AsObject();
        }
        var text = new string('x', 8 << 20);
        yield return JsonNode.Parse($$$"""
            {"kind":"Service","metadata":{"name":"huge{{{number}}}","namespace":"default","annotations":{"a":"{{{text}}}"}},
             "spec":{"type":"ExternalName","externalName":"a.example"}}
            """)!.AsObject();
    }

    /// <summary>A thousand changes a second for a minute.</summary>
    private static void Many(Bed bed, Random random, bool isShort)
    {
        const int Rate = 1000;
        var began = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < (isShort ? 2 : 60) * Rate; i++)
        {
            bed.Objects.Move(random);
            var ahead = TimeSpan.FromSeconds((double)i / Rate) - TimeProvider.System.GetElapsedTime(began);
            if (ahead > TimeSpan.FromMilliseconds(5)) Thread.Sleep(ahead);
        }
        Console.WriteLine($"changes: {(isShort ? 2 : 60) * Rate} in {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0} s");
    }
}
