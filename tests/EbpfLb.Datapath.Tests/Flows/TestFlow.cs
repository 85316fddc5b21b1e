using EbpfLb.Abi;
using EbpfLb.Datapath.Flows;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Tests.Flows;

/// <summary>A flow of a test and its two entries, as the programs write them.</summary>
internal sealed record TestFlow
{
    public string Client { get; init; } = "192.0.2.1:40000";

    public string Frontend { get; init; } = "10.96.0.1:80";

    public string Backend { get; init; } = "10.244.0.5:8080";

    /// <summary>null: the client's address is kept.</summary>
    public string? Snat { get; init; }

    public TransportProtocol Protocol { get; init; } = TransportProtocol.Tcp;

    public LbCtPhase Phase { get; init; } = LbCtPhase.Open;

    public uint Service { get; init; } = 7;

    /// <summary>Tick of the last packet.</summary>
    public uint Tick { get; init; }

    public IpFamily Family => Endpoint(Client).Address.Family;

    public FlowEntry Request => new(
        new FlowKey(Endpoint(Client), Endpoint(Frontend), (byte)Protocol, LbCtHook.Ingress),
        Endpoint(Snat ?? Client), Endpoint(Backend), State(reply: false, oif: Snat is null ? 0u : 3u));

    public FlowEntry Reply => new(
        new FlowKey(Endpoint(Backend), Endpoint(Snat ?? Client), (byte)Protocol, Snat is null ? LbCtHook.Egress : LbCtHook.Ingress),
        Endpoint(Frontend), Endpoint(Client), State(reply: true, oif: 2));

    /// <summary>The nth flow of many clients.</summary>
    public static TestFlow Number(int n) => new() { Client = $"192.0.{n / 50_000}.{1 + n / 500 % 100}:{10_000 + n % 500}" };

    public static FlowEndpoint Endpoint(string text)
    {
        var filter = EndpointFilter.Parse(text);
        return new FlowEndpoint(filter.Address!.Value, filter.Port!.Value);
    }

    public void AddTo(IFlowMap map)
    {
        Assert.True(map.TryAdd(Request));
        Assert.True(map.TryAdd(Reply));
    }

    public bool IsIn(IFlowMap map) => map.TryLookup(Request.Key, out _) && map.TryLookup(Reply.Key, out _);

    public bool IsGoneFrom(IFlowMap map) => !map.TryLookup(Request.Key, out _) && !map.TryLookup(Reply.Key, out _);

    private LbCtState State(bool reply, uint oif) => new()
    {
        Oif = oif,
        ServiceId = Service,
        BackendId = 11,
        Tick = Tick,
        Mtu = 1500,
        Phase = (byte)Phase,
        Flags = (byte)((reply ? LbCtFlag.Reply : default) | (Snat is null ? LbCtFlag.Stack : LbCtFlag.Snat)),
    };
}
