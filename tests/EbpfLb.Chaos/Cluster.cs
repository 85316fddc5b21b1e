using System.Globalization;
using System.Net;
using System.Net.Sockets;
using EbpfLb.Testing.ApiServer;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Netns;

namespace EbpfLb.Chaos;

/// <summary>The objects that the API server has, and what an agent's tables must hold of them.</summary>
internal sealed class Cluster(FakeApiServer api, IReadOnlyList<PodNetns> pods)
{
    public const int Port = 80;
    public const int TargetPort = 8080;
    public const int FirstNodePort = 30_000;

    /// <summary>Of load balancer addresses, which come to the node.</summary>
    public static readonly string[] BalancerRanges = ["203.0.112.0/24", "2001:db8:1::/64"];

    private const int MostServices = 60;

    /// <summary>No change and no other fault has a service of this number.</summary>
    public const int Spare = MostServices + 2;
    private readonly SortedDictionary<int, ServiceManifest> services = [];

    /// <summary>One service with all pods, which never changes: connections through it need not be lost.</summary>
    public ServiceManifest Kept { get; private set; } = null!;

    public int Changes { get; private set; }

    public void Begin()
    {
        Kept = Service(0, [.. pods.SelectMany(Addresses)]);
        Put(0, Kept);
        for (var number = 1; number <= 10; number++) Put(number, Service(number, Some(new Random(number))));
    }

    /// <summary>Creates, changes or deletes some other service.</summary>
    public void Change(Random random, int times = 1)
    {
        for (var i = 0; i < times; i++)
        {
            var number = random.Next(1, MostServices);
            if (services.ContainsKey(number) && random.Next(4) == 0) Delete(number);
            else Put(number, Service(number, Some(random)));
        }
    }

    /// <summary>Gives a service that is there other endpoints, of both families.</summary>
    public void Move(Random random)
    {
        var number = 1 + random.Next(10);
        var before = services.TryGetValue(number, out var known) ? known : Service(number, []);
        if (known is null) Put(number, before);
        var after = before with { Endpoints = Some(random) };
        services[number] = after;
        Changes++;
        foreach (var slice in after.Objects.Skip(1)) api.Apply(slice);
    }

    /// <summary>The service of a number from now on; null: there is none.</summary>
    public void Set(int number, ServiceManifest? wanted)
    {
        if (wanted is not null) Put(number, wanted);
        else if (services.ContainsKey(number)) Delete(number);
    }

    /// <summary>A service with more endpoints than there is room for.</summary>
    public void PutGreedy(int endpoints)
        => Put(MostServices + 1, Service(
            MostServices + 1, [.. Enumerable.Range(0, endpoints).Select(i => new IPAddress([10, 200, (byte)(i >> 8), (byte)i]))]));

    public void DeleteGreedy() => Delete(MostServices + 1);

    /// <summary>Applies all of it again, to a server that has forgotten everything.</summary>
    public void ApplyAll()
    {
        foreach (var json in services.Values.SelectMany(service => service.Objects)) api.Apply(json);
    }

    /// <summary>"default/svc1:tcp 10.244.0.10:8080", as `ebpflb backends` must list them.</summary>
    public SortedSet<string> Backends() => new(
        from service in services.Values
        from port in service.Ports
        from endpoint in service.Endpoints
        select $"default/{service.Name}:{port.Name} {new IPEndPoint(endpoint, port.TargetPort)}",
        StringComparer.Ordinal);

    /// <summary>"default/svc1:tcp 10.96.1.1:80", as `ebpflb services` must list them.</summary>
    public SortedSet<string> Frontends() => new(
        from service in services.Values
        from port in service.Ports
        from ip in service.ClusterIPs
        from frontend in (IPEndPoint[])
            [new(ip, port.Port), new(Any(ip), port.NodePort), .. service.LoadBalancerIPs.Select(a => new IPEndPoint(a, port.Port))]
        select $"default/{service.Name}:{port.Name} {frontend}",
        StringComparer.Ordinal);

    private static IPAddress Any(IPAddress like) => like.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;

    public static IEnumerable<IPAddress> Addresses(PodNetns pod) => [pod.IPv4, pod.IPv6];

    private IReadOnlyList<IPAddress> Some(Random random) => [.. pods.Where(_ => random.Next(2) == 0).SelectMany(Addresses)];

    private void Put(int number, ServiceManifest service)
    {
        services[number] = service;
        Changes++;
        foreach (var json in service.Objects) api.Apply(json);
    }

    private void Delete(int number)
    {
        services.Remove(number, out var gone);
        Changes++;
        api.Delete(FakeResource.Services, gone!.Name, gone.Namespace);
        foreach (var family in (string[])["IPv4", "IPv6"]) api.Delete(FakeResource.EndpointSlices, gone.SliceName(family), gone.Namespace);
    }

    public static ServiceManifest Service(int number, IReadOnlyList<IPAddress> endpoints) => new(
        string.Create(CultureInfo.InvariantCulture, $"svc{number}"))
    {
        Type = "NodePort",
        ClusterIPs = [new IPAddress([10, 96, 1, (byte)number]), IPAddress.Parse($"fd00:10:96::{number + 1:x}")],
        Ports =
        [
            new PortManifest("tcp", "TCP", Port, TargetPort) { NodePort = FirstNodePort + number },
            new PortManifest("udp", "UDP", Port, TargetPort) { NodePort = FirstNodePort + number },
        ],
        Endpoints = endpoints,
    };
}
