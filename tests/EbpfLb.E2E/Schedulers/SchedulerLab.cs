using System.Globalization;
using EbpfLb.Model;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;
using EbpfLb.Testing.Schedulers;

namespace EbpfLb.E2E.Schedulers;

/// <summary>A service of pods a, b and c with a scheduler, a client of it, and a model that is told all that happens.</summary>
internal sealed class SchedulerLab : IDisposable
{
    private static readonly string[] Names = ["a", "b", "c"];

    private readonly TestNode node;
    private readonly Family family;
    private readonly Scheduler scheduler;
    private readonly NetProbe client;
    private readonly Random random = new(17);
    private readonly List<(ProbeSocket Socket, int Backend)> open = [];
    private TestService service;
    private int begun;

    public SchedulerLab(TestNode node, Scheduler scheduler, Family family, IReadOnlyList<int> weights)
    {
        (this.node, this.scheduler, this.family) = (node, scheduler, family);
        service = node.NewService(Names);
        service = node.Publish(With(scheduler.ToText(), weights));
        client = NetProbe.Start(node.Client.Place);
        Model = new SchedulerModel(scheduler, weights);
    }

    public SchedulerModel Model { get; }

    public string Name => service.Manifest.Name;

    public string Address => service.Address(family);

    /// <summary>Begins and ends connections by chance, each of which must go where the model allows.</summary>
    public void Run(int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            if (open.Count > 0 && random.Next(100) < 40)
            {
                End(random.Next(open.Count));
                continue;
            }
            // A connection has a cookie of its own, which is what a Maglev table is asked for.
            var source = scheduler == Scheduler.Maglev ? $"{begun++}" : "client";
            var allowed = Model.Next(source, "service");
            var (socket, backend) = Connect();
            Assert.True(allowed.Contains(backend),
                $"step {i}: went to {Names[backend]} of open {string.Join('/', Model.Active)}, allowed {string.Join('/', allowed)}");
            Model.Begin(backend, source, "service");
            open.Add((socket, backend));
        }
    }

    public void EndAll(int backend)
    {
        for (var i = open.Count - 1; i >= 0; i--)
            if (open[i].Backend == backend) End(i);
    }

    /// <summary>Other weights, once they are in force; endpoints of weight 0 are removed.</summary>
    public void Change(IReadOnlyList<int> weights)
    {
        service = With(scheduler.ToText(), weights);
        node.Manifests.Put(service.Manifest);
        var expected = Enumerable.Range(0, Names.Length).Where(i => weights[i] > 0).Select(i => node.Backends[i]).Count();
        Eventually.True(
            () => node.Agent.Json("backends", $"default/{Name}:tcp").GetProperty("backends").EnumerateArray()
                .Count(b => b.GetProperty("open").ValueKind == System.Text.Json.JsonValueKind.Number) == 2 * expected,
            "the endpoints to be programmed");
        Model.Change(weights);
    }

    /// <summary>Puts an annotation on the Service.</summary>
    public void Annotate(string name, string value) => node.Manifests.Put(service.Manifest with
    {
        Annotations = new Dictionary<string, string>(service.Manifest.Annotations) { [name] = value },
    });

    /// <summary>What `ebpflb backends` says is open at a, b and c; 0 for one that is none.</summary>
    public IReadOnlyList<long> OpenCounts()
    {
        var rows = node.Agent.Json("backends", $"default/{Name}:tcp").GetProperty("backends").EnumerateArray().ToList();
        return [.. node.Backends.Select(pod => (family == Family.IPv4 ? pod.IPv4 : pod.IPv6).ToString()).Select(address => rows
            .Where(r => r.GetProperty("address").GetString() == address).Select(r => r.GetProperty("open").GetInt64()).SingleOrDefault())];
    }

    public void Dispose() => client.Dispose();

    private void End(int index)
    {
        open[index].Socket.Close();
        Model.End(open[index].Backend);
        open.RemoveAt(index);
    }

    private (ProbeSocket Socket, int Backend) Connect()
    {
        var socket = client.Open("tcp", Address);
        Assert.True(socket.Connect(Address).Ok);
        var name = socket.Request()["name"];
        return (socket, Array.IndexOf(Names, name.Split('/')[0]));
    }

    private TestService With(string name, IReadOnlyList<int> weights) => new(service.Manifest with
    {
        Annotations = new Dictionary<string, string> { ["ebpflb.io/scheduler"] = name },
        Endpoints = node.Addresses([.. Names.Where((_, i) => weights[i] > 0)]),
        SliceAnnotations = new Dictionary<string, string>
        {
            ["ebpflb.io/weights"] = string.Join(',', Names.SelectMany((_, i) => new[] { node.Backends[i].IPv4, node.Backends[i].IPv6 }
                .Select(address => string.Create(CultureInfo.InvariantCulture, $"{address}={weights[i]}")))),
        },
    });
}
