using System.Globalization;
using System.Text;
using EbpfLb.Testing.ApiServer;

namespace EbpfLb.Benchmarks.Soak;

/// <summary>
/// Many services that change without end, in an API server: endpoints come, go and become unready, services come and go, ports change,
/// and a few services grow to ten thousand endpoints and shrink. The number of services and of endpoints stays about the same.
/// </summary>
internal sealed class SoakCluster
{
    public const int LargeServices = 4;
    public const int MostOfLarge = 10_000;

    /// <summary>Services whose changes are timed; nothing else touches them.</summary>
    public const int Timed = 200;

    private const int UsualEndpoints = 5;
    private const int MostEndpoints = 12;
    private const int OfOneSlice = 1000;

    private readonly FakeApiServer api;
    private readonly Random random;
    private readonly int wanted;
    private readonly Member[] members;
    private readonly int[] sizes = new int[LargeServices];
    private int living;
    private int nextAddress;

    public SoakCluster(FakeApiServer api, int services, int seed)
    {
        this.api = api;
        random = new Random(seed);
        wanted = living = services;
        members = new Member[services + (services / 20) + 1];
        for (var i = 0; i < members.Length; i++) members[i] = new Member { Lives = i < services, Endpoints = Fresh(UsualEndpoints) };
        api.Load(FakeResource.Services, Enumerable.Range(0, services).Select(i => (Key(i), Service(i))));
        api.Load(FakeResource.EndpointSlices, Enumerable.Range(0, services).Select(i => ($"{Key(i)}-abcde", Slice(i))));
        api.Load(FakeResource.Services, Enumerable.Range(0, LargeServices).Select(i
            => (Key(members.Length + i), ServiceOf(members.Length + i, 80))));
    }

    /// <summary>Objects that were written.</summary>
    public int Writes { get; private set; }

    /// <summary>ClusterIP of a service.</summary>
    public static uint AddressOf(int service) => 0x0a600001 + (uint)service;

    /// <summary>One change of one service.</summary>
    public void Change()
    {
        var kind = random.Next(100);
        var service = Timed + random.Next(members.Length - Timed);
        if (kind < 10)
        {
            Turn(service);
            return;
        }
        while (!members[service].Lives) service = Timed + random.Next(members.Length - Timed);
        ref var member = ref members[service];
        if (kind < 15)
        {
            member.Port = 80 + ((member.Port - 80 + 1 + random.Next(900)) % 1000);
            Put(FakeResource.Services, Key(service), Service(service));
            return;
        }
        var endpoints = member.Endpoints;
        if (kind < 60)
        {
            var grows = random.NextDouble() < 0.5 + ((UsualEndpoints - endpoints.Length) * 0.07);
            if (endpoints.Length >= MostEndpoints || (endpoints.Length > 1 && !grows))
                member.Endpoints = [.. endpoints.Where((_, i) => i != endpoints.Length / 2)];
            else member.Endpoints = [.. endpoints, .. Fresh(1)];
        }
        else if (kind < 90)
        {
            // The sign says whether it is ready.
            member.Endpoints = [.. endpoints];
            // Who is not ready gets ready soon.
            var place = Array.FindIndex(endpoints, e => e < 0) is var unready and >= 0 ? unready : random.Next(endpoints.Length);
            member.Endpoints[place] = -member.Endpoints[place];
        }
        else member.Endpoints = [.. endpoints.Skip(1), .. Fresh(1)];
        Put(FakeResource.EndpointSlices, $"{Key(service)}-abcde", Slice(service));
    }

    /// <summary>Another number of endpoints for one of the large services, slice by slice.</summary>
    public void ChangeLarge()
    {
        var which = random.Next(LargeServices);
        var size = random.Next(3) == 0 ? MostOfLarge : 1000 + random.Next(MostOfLarge - 1000);
        var service = members.Length + which;
        var before = sizes[which];
        sizes[which] = size;
        for (var first = 0; first < Math.Max(before, size); first += OfOneSlice)
        {
            var (was, now) = (Within(before, first), Within(size, first));
            var name = string.Create(CultureInfo.InvariantCulture, $"{Key(service)}-{first}");
            if (was == now) continue;
            // Other addresses than those of small services.
            var from = 0x400000 + (which * MostOfLarge) + first + 1;
            if (now == 0) Delete(FakeResource.EndpointSlices, name);
            else Put(FakeResource.EndpointSlices, name, SliceOf(service, name, 8080, [.. Enumerable.Range(from, now)]));
        }

        static int Within(int all, int first) => Math.Clamp(all - first, 0, OfOneSlice);
    }

    /// <summary>Another last endpoint for a timed service. May be called beside the others.</summary>
    public void Replace(int service, int round)
    {
        // Addresses that nobody else has.
        var address = 0x800000 + (round % 0x400000) + 1;
        api.Put(FakeResource.EndpointSlices, $"{Key(service)}-abcde",
            SliceOf(service, $"{Key(service)}-abcde", 8080, [.. members[service].Endpoints.SkipLast(1), address]));
    }

    /// <summary>A service goes, or one that was gone comes back.</summary>
    private void Turn(int service)
    {
        var mustLive = living < wanted || (living == wanted && random.Next(2) == 0);
        while (members[service].Lives == mustLive) service = Timed + random.Next(members.Length - Timed);
        ref var member = ref members[service];
        member.Lives = mustLive;
        living += mustLive ? 1 : -1;
        if (mustLive)
        {
            member.Endpoints = Fresh(1 + random.Next((2 * UsualEndpoints) - 1));
            Put(FakeResource.Services, Key(service), Service(service));
            Put(FakeResource.EndpointSlices, $"{Key(service)}-abcde", Slice(service));
            return;
        }
        Delete(FakeResource.Services, Key(service));
        Delete(FakeResource.EndpointSlices, $"{Key(service)}-abcde");
    }

    private void Put(FakeResource resource, string key, Func<ulong, byte[]> body)
    {
        api.Put(resource, key, body);
        Writes++;
    }

    private void Delete(FakeResource resource, string key)
    {
        api.Delete(resource, key[(key.IndexOf('/') + 1)..], key[..key.IndexOf('/')]);
        Writes++;
    }

    private int[] Fresh(int count)
    {
        // They come round after four millions, when those that had them are gone.
        var first = nextAddress;
        nextAddress = (nextAddress + count) % 0x3ffff0;
        return [.. Enumerable.Range(first + 1, count)];
    }

    private static string Key(int service) => string.Create(CultureInfo.InvariantCulture, $"ns-{service % 100}/service-{service}");

    private Func<ulong, byte[]> Service(int service) => ServiceOf(service, members[service].Port);

    private Func<ulong, byte[]> Slice(int service) => SliceOf(service, $"{Key(service)}-abcde", 8080, members[service].Endpoints);

    private static Func<ulong, byte[]> ServiceOf(int service, int port)
    {
        var name = Key(service).Split('/')[1];
        var ip = Dotted(AddressOf(service));
        return version => Utf8($$$"""
            {"metadata":{{{Metadata(Key(service), version, $"\"app\":\"{name}\"", "")}}},"spec":{"ports":[{"name":"http","protocol":"TCP",
            "port":{{{port}}},"targetPort":8080}],"selector":{"app":"{{{name}}}"},"clusterIP":"{{{ip}}}","clusterIPs":["{{{ip}}}"],
            "type":"ClusterIP","sessionAffinity":"None","ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack",
            "internalTrafficPolicy":"Cluster"},"status":{"loadBalancer":{} } }
            """);
    }

    private static Func<ulong, byte[]> SliceOf(int service, string key, int port, int[] addresses)
    {
        var name = Key(service).Split('/');
        var endpoints = string.Join(',', addresses.Select(a => $$$"""
            {"addresses":["{{{Dotted(0x0b000000 + (uint)Math.Abs(a))}}}"],"conditions":{"ready":{{{(a > 0 ? "true" : "false")}}},
            "serving":{{{(a > 0 ? "true" : "false")}}},"terminating":false},"targetRef":{"kind":"Pod","namespace":"{{{name[0]}}}",
            "name":"{{{name[1]}}}-5d4f8c7b9-{{{Math.Abs(a):x5}}}","uid":"00000000-0000-0000-0000-{{{Math.Abs(a):x12}}}"},
            "nodeName":"node-{{{Math.Abs(a) % 500}}}","zone":"zone-{{{Math.Abs(a) % 3}}}"}
            """));
        var labels = "\"endpointslice.kubernetes.io/managed-by\":\"endpointslice-controller.k8s.io\","
            + $"\"kubernetes.io/service-name\":\"{name[1]}\"";
        var now = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
        var trigger = $"\"annotations\":{{\"endpoints.kubernetes.io/last-change-trigger-time\":\"{now}\"}},";
        return version => Utf8($$$"""
            {"metadata":{{{Metadata(key, version, labels, trigger)}}},
            "addressType":"IPv4","endpoints":[{{{endpoints}}}],"ports":[{"name":"http","port":{{{port}}},"protocol":"TCP"}]}
            """);
    }

    private static string Metadata(string key, ulong version, string labels, string annotations) => $$$"""
        {"name":"{{{key.Split('/')[1]}}}","namespace":"{{{key.Split('/')[0]}}}","uid":"00000000-0000-0000-0000-{{{version:x12}}}",
        "resourceVersion":"{{{version}}}","generation":1,"creationTimestamp":"2025-01-01T00:00:00Z",
        {{{annotations}}}"labels":{{{{labels}}}},
        "managedFields":[{"manager":"kube-controller-manager","operation":"Update","apiVersion":"v1","time":"2025-01-01T00:00:00Z",
        "fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:labels":{".":{},"k:{\"uid\":\"1\"}":{} } },"f:spec":{"f:ports":{} } } }]}
        """;

    /// <summary>A line of a watch has no line breaks.</summary>
    private static byte[] Utf8(string json) => Encoding.UTF8.GetBytes(json.Replace("\n", "", StringComparison.Ordinal));

    private static string Dotted(uint address) => string.Create(
        CultureInfo.InvariantCulture, $"{address >> 24}.{address >> 16 & 0xff}.{address >> 8 & 0xff}.{address & 0xff}");

    private record struct Member()
    {
        public bool Lives { get; set; }

        public int Port { get; set; } = 80;

        public int[] Endpoints { get; set; } = [];
    }
}
