using System.Net;
using System.Net.Sockets;
using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Options;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Datapath.Tests.StaleSockets;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Datapath.Tests.Sockets;

/// <summary>
/// What an unconnected UDP socket remembers of who answers ages as nf_conntrack's memory of it does: 180 s after the last datagram either
/// way.
/// </summary>
[Collection(typeof(OwnCgroup))]
public sealed class UdpMemoryTests : IAsyncDisposable
{
    private const uint Known = 0x8000_0000;
    private static readonly EndPoint Dns = new IPEndPoint(IPAddress.Parse(StaleLab.Service4), StaleLab.Port);
    private static readonly EndPoint Other = new IPEndPoint(IPAddress.Parse("10.96.0.9"), StaleLab.Port);
    private readonly StaleLab lab = new();
    private readonly Socket client;
    private readonly Socket dnsBackend;
    private readonly Socket otherBackend;

    public UdpMemoryTests()
    {
        client = lab.Unconnected();
        dnsBackend = lab.Serve("127.0.0.2", 9953);
        otherBackend = lab.Serve("127.0.0.2", 9954);
        lab.Apply(Two);
    }

    public async ValueTask DisposeAsync() => await lab.DisposeAsync();

    [Fact]
    public void After_180_s_without_a_datagram_an_answer_shows_who_sent_it()
    {
        var asker = Ask(Dns, dnsBackend);

        Age(170);
        Assert.Equal(Dns, Answer(dnsBackend, asker));
        Age(170);
        Assert.Equal(Dns, Answer(dnsBackend, asker));
        Age(181);
        Assert.Equal(dnsBackend.LocalEndPoint, Answer(dnsBackend, asker));
        Assert.Equal(dnsBackend.LocalEndPoint, Answer(dnsBackend, asker));

        Ask(Dns, dnsBackend);
        Assert.Equal(Dns, Answer(dnsBackend, asker));
    }

    [Fact]
    public void Each_datagram_that_is_sent_makes_the_memory_new()
    {
        Ask(Dns, dnsBackend);
        Age(170);
        var asker = Ask(Dns, dnsBackend);
        Age(170);

        Assert.Equal(Dns, Answer(dnsBackend, asker));
    }

    [Fact]
    public void What_was_asked_before_another_service_ages_by_itself()
    {
        var asker = Ask(Dns, dnsBackend);
        Ask(Other, otherBackend);

        AgeOthers(170);
        Assert.Equal(Dns, Answer(dnsBackend, asker));
        AgeOthers(170);
        Assert.Equal(Dns, Answer(dnsBackend, asker));
        AgeOthers(181);
        Assert.Equal(dnsBackend.LocalEndPoint, Answer(dnsBackend, asker));
        Assert.Equal(Other, Answer(otherBackend, asker));
    }

    [Fact]
    public void A_socket_that_was_idle_for_longer_does_not_go_back_to_a_backend_that_ends()
    {
        Ask(Dns, dnsBackend);
        using var next = lab.Serve("127.0.0.3", 9953);
        lab.Apply(StaleLab.Dns("127.0.0.2 terminating", "127.0.0.3"));
        Ask(Dns, dnsBackend);

        Age(181);

        Ask(Dns, next);
    }

    [Fact]
    public void A_memory_without_a_time_counts_as_new()
    {
        var asker = Ask(Dns, dnsBackend);
        Change(memory => memory with { ServiceId = 1 });

        Assert.Equal(Dns, Answer(dnsBackend, asker));

        Age(181);
        Assert.Equal(dnsBackend.LocalEndPoint, Answer(dnsBackend, asker));
    }

    [Fact]
    public void A_connected_socket_remembers_as_long_as_it_lives()
    {
        var connected = lab.Connect(StaleLab.Service4);
        var before = Memory(connected);

        connected.Send("question"u8);
        Receive(dnsBackend);

        Assert.Equal((ushort)LbSockKind.Connected, before.Kind);
        Assert.Equal(before, Memory(connected));
    }

    /// <summary>Ids come round.</summary>
    [Fact]
    public void When_the_id_of_its_backend_means_another_one_the_answers_of_both_are_the_services()
    {
        var before = Ask(Dns, dnsBackend);
        var next = lab.Serve("127.0.0.3", 9953);
        using (var backends = Open<uint, LbBackend>(Abi.Tables.Backends.Name))
        {
            var id = Memory(client).BackendId;
            backends.Update(id, backends.Lookup(id) with { Addr = AbiAddress.To16(IPAddress.Parse("127.0.0.3")) });
        }

        var now = Ask(Dns, next);

        Assert.Equal(Dns, Answer(next, now));
        Assert.Equal(Dns, Answer(dnsBackend, before));
    }

    private static void Two(ClusterBuilder cluster)
    {
        StaleLab.Dns("127.0.0.2")(cluster);
        cluster.Service("other", ["10.96.0.9"], ["udp:53/UDP"]).Slice("o", "other", ["udp:9954/UDP"], ["127.0.0.2"]);
    }

    /// <summary>Returns who asked, as the backend sees it.</summary>
    private EndPoint Ask(EndPoint service, Socket backend)
    {
        client.SendTo("question"u8, service);
        return Receive(backend);
    }

    /// <summary>Returns who answered, as the client sees it.</summary>
    private EndPoint Answer(Socket backend, EndPoint asker)
    {
        backend.SendTo("answer"u8, asker);
        return Receive(client);
    }

    private static EndPoint Receive(Socket socket)
    {
        socket.ReceiveTimeout = 30_000;
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        socket.ReceiveFrom(new byte[64], ref from);
        return from;
    }

    /// <summary>As if so many seconds had passed for the pair that was used last.</summary>
    private void Age(uint seconds) => Change(memory =>
    {
        Assert.NotEqual(0u, memory.ServiceId & Known);
        return memory with { ServiceId = memory.ServiceId - Ticks(seconds) };
    });

    private LbSock Memory(Socket socket)
    {
        using var map = Open<int, LbSock>(Abi.Tables.Sock.Name);
        return map.Lookup((int)socket.Handle);
    }

    private void Change(Func<LbSock, LbSock> change)
    {
        using var map = Open<int, LbSock>(Abi.Tables.Sock.Name);
        map.Update((int)client.Handle, change(map.Lookup((int)client.Handle)));
    }

    private void AgeOthers(uint seconds)
    {
        using var map = Open<LbPeer, LbPeerAsked>(Abi.Tables.UdpPeer.Name);
        var key = Assert.Single(map.Keys());
        var value = map.Lookup(key);
        Assert.NotEqual(0u, value.Stamp & Known);
        map.Update(key, value with { Stamp = value.Stamp - Ticks(seconds) });
    }

    /// <summary>1.07 s each.</summary>
    private static uint Ticks(uint seconds) => (uint)((ulong)seconds * 1_000_000_000 >> (int)LbCtClock.TickShift);

    private BpfMap<TKey, TValue> Open<TKey, TValue>(string name)
        where TKey : unmanaged
        where TValue : unmanaged =>
        BpfMap.OpenPinned<TKey, TValue>(new InstancePaths(BpfFs.MountPoint, lab.Instance.Options.Instance).Map(name));
}
