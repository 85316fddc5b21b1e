using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Testing;
using static EbpfLb.Datapath.Tests.Select.SelectProgram;

namespace EbpfLb.Datapath.Tests.Select;

public sealed class SelectTests : IDisposable
{
    private const uint ServiceId = 7;
    private const ulong Client = 0x1234_5678_9abc;
    private static readonly LbAddr Frontend = Address("10.96.0.1", 80);
    private readonly SelectProgram program = new();

    public void Dispose() => program.Dispose();

    [Fact]
    public void What_is_no_frontend_passes()
    {
        Publish(backends: 2);

        Assert.Equal(Verdict.Pass, Ask(Address("10.96.0.2", 80)).Verdict);
        Assert.Equal(Verdict.Pass, Ask(Address("10.96.0.1", 81)).Verdict);
        Assert.Equal(Verdict.Pass, Ask(Address("10.96.0.1", 80, protocol: 17)).Verdict);
        Assert.Equal(Verdict.Pass, Ask(Address("fd00::1", 80)).Verdict);
    }

    [Contract("3", "choice: at random, evenly")]
    [Theory]
    [InlineData(0u, 1u)]
    [InlineData(0x3fff_ffffu, 1u)]
    [InlineData(0x4000_0000u, 2u)]
    [InlineData(0xbfff_ffffu, 3u)]
    [InlineData(0xffff_ffffu, 4u)]
    public void The_dice_are_spread_evenly_over_the_list(uint dice, uint backend)
    {
        Publish(backends: 4);

        Assert.Equal((Verdict.Forward, backend, ServiceId), Tuple(Ask(Frontend, dice)));
    }

    [Fact]
    public void A_service_without_backends_refuses()
    {
        Publish(backends: 0);

        var answer = Ask(Frontend);

        Assert.Equal((Verdict.Refuse, ServiceId), (answer.Verdict, answer.ServiceId));
    }

    [Fact]
    public void A_value_that_was_written_for_another_frontend_is_never_followed()
    {
        Publish(backends: 2);
        program.Services4.Update(Key4(Frontend), Value(2) with { Seal = 1 });

        Assert.Equal(Verdict.Refuse, Ask(Frontend).Verdict);
        Assert.Equal((2UL, 1UL), (program.Count(LbReason.SockRace), program.Count(LbReason.SockRaceLost)));
    }

    [Fact]
    public void A_range_that_another_service_took_over_is_never_followed()
    {
        Publish(backends: 1);
        program.Slots.Update(0, new LbSlot { BackendId = 1, ServiceId = ServiceId + 1 });

        Assert.Equal(Verdict.Refuse, Ask(Frontend).Verdict);
        Assert.Equal(1UL, program.Count(LbReason.SockRaceLost));
    }

    [Contract("11", "endpoint gone: so is its memory")]
    [Fact]
    public void A_client_with_affinity_stays_until_its_backend_leaves()
    {
        Publish(backends: 4, affinitySeconds: 60);
        var first = Ask(Frontend, dice: 0).BackendId;

        Assert.Equal(first, Ask(Frontend, dice: uint.MaxValue).BackendId);
        Assert.Equal(1UL, program.Count(LbReason.SockAffinityHit));

        program.Backends.Update(first, Backend() with { Flags = 0 });
        Assert.Equal(4u, Ask(Frontend, dice: uint.MaxValue).BackendId);
        Assert.Equal(4u, Ask(Frontend, dice: 0).BackendId);
    }

    [Fact]
    public void Another_client_has_an_affinity_of_its_own()
    {
        Publish(backends: 4, affinitySeconds: 60);
        Ask(Frontend, dice: 0);

        Assert.Equal(4u, Ask(Frontend, dice: uint.MaxValue, client: Client + 1).BackendId);
    }

    [Fact]
    public void An_affinity_that_timed_out_is_forgotten()
    {
        Publish(backends: 4, affinitySeconds: 60);
        Ask(Frontend, dice: 0);
        var key = program.Affinity.Keys().Single();
        var entry = program.Affinity.Lookup(key);
        program.Affinity.Update(key, entry with { UsedNs = entry.UsedNs - 60_000_000_000 });

        Assert.Equal(4u, Ask(Frontend, dice: uint.MaxValue).BackendId);
        Assert.Equal(0UL, program.Count(LbReason.SockAffinityHit));
    }

    [Contract("11", "restart, another time-out: memory survives; the new time-out counts")]
    [Fact]
    public void A_time_out_that_is_changed_counts_for_memories_that_are_there()
    {
        Publish(backends: 4, affinitySeconds: 60);
        Ask(Frontend, dice: 0);
        var key = program.Affinity.Keys().Single();
        var entry = program.Affinity.Lookup(key);
        program.Affinity.Update(key, entry with { UsedNs = entry.UsedNs - 30_000_000_000 });

        Publish(backends: 4, affinitySeconds: 20);
        Assert.Equal(4u, Ask(Frontend, dice: uint.MaxValue).BackendId);

        program.Affinity.Update(key, entry with { UsedNs = entry.UsedNs - 80_000_000_000 });
        Publish(backends: 4, affinitySeconds: 100);
        Assert.Equal(1u, Ask(Frontend, dice: uint.MaxValue).BackendId);
    }

    [Fact]
    public void Each_new_connection_restarts_the_time_out_and_a_datagram_of_a_flow_does_not()
    {
        Publish(backends: 4, affinitySeconds: 60);
        Ask(Frontend, dice: 0);
        var key = program.Affinity.Keys().Single();
        var old = program.Affinity.Lookup(key) with { UsedNs = program.Affinity.Lookup(key).UsedNs - 30_000_000_000 };
        program.Affinity.Update(key, old);

        Assert.Equal(1u, Ask(Frontend, flowBackend: 1).BackendId);
        Assert.Equal(old.UsedNs, program.Affinity.Lookup(key).UsedNs);

        Assert.Equal(1u, Ask(Frontend, dice: uint.MaxValue).BackendId);
        Assert.InRange(program.Affinity.Lookup(key).UsedNs, old.UsedNs + 30_000_000_000, ulong.MaxValue);
    }

    [Theory]
    [InlineData("10.244.0.9")]
    [InlineData("fd00:10:244::9")]
    public void An_address_is_one_client_wherever_it_asks(string source)
    {
        Publish(backends: 4, affinitySeconds: 60);

        Assert.Equal(1u, Ask(Frontend, dice: 0, client: Client, source: source).BackendId);
        // As tc asks, without a namespace, and as another namespace with this address does.
        Assert.Equal(1u, Ask(Frontend, dice: uint.MaxValue, client: 0, source: source).BackendId);
        Assert.Equal(1u, Ask(Frontend, dice: uint.MaxValue, client: Client + 1, source: source).BackendId);
    }

    [Fact]
    public void A_client_whose_address_becomes_known_stays_with_its_backend()
    {
        Publish(backends: 4, affinitySeconds: 60);
        Ask(Frontend, dice: 0);

        Assert.Equal(1u, Ask(Frontend, dice: uint.MaxValue, source: "10.244.0.9").BackendId);
        Assert.Equal(1u, Ask(Frontend, dice: uint.MaxValue, client: 0, source: "10.244.0.9").BackendId);
        Assert.Equal(4u, Ask(Frontend, dice: uint.MaxValue, client: Client + 1, source: "10.244.0.10").BackendId);
    }

    [Fact]
    public void Source_ranges_are_judged_by_an_address_that_is_known_and_left_to_packets_else()
    {
        Publish(backends: 4);
        program.Services4.Update(
            Key4(Frontend), ServiceCodec.Sealed(FrontendKeyOf(Frontend), Value(4) with { Flags = (uint)LbServiceFlag.Ranges }));
        program.SourceRanges4.Update(
            new LbSrcRange4 { PrefixLen = 32 + 16, ServiceId = ServiceId, Addr = Address("10.244.0.0", 0).Addr[3] }, 1);

        Assert.Equal(Verdict.Forward, Ask(Frontend, source: "10.244.0.9").Verdict);
        Assert.Equal(Verdict.Drop, Ask(Frontend, source: "10.245.0.9").Verdict);
        Assert.Equal(Verdict.Pass, Ask(Frontend).Verdict);
    }

    [Fact]
    public void A_remembered_backend_that_belongs_to_another_service_now_is_not_taken()
    {
        Publish(backends: 4, affinitySeconds: 60);
        Ask(Frontend, dice: 0);
        program.Backends.Update(1, Backend() with { ServiceId = ServiceId + 1 });

        Assert.Equal(4u, Ask(Frontend, dice: uint.MaxValue).BackendId);
    }

    [Fact]
    public void An_unconnected_socket_stays_with_its_backend_while_that_is_live()
    {
        Publish(backends: 4);

        Assert.Equal(2u, Ask(Frontend, dice: 0, flowBackend: 2).BackendId);

        program.Backends.Update(2, Backend() with { Flags = 0 });
        Assert.Equal(1u, Ask(Frontend, dice: 0, flowBackend: 2).BackendId);
    }

    [Fact]
    public void Frontends_of_ipv6_have_a_table_of_their_own()
    {
        var frontend = Address("fd00:10:96::1", 80);
        Publish(backends: 1);
        var key = new LbFrontend6 { Addr = frontend.Addr, Port = frontend.Port, Proto = frontend.Proto };
        program.Services6.Update(key, ServiceCodec.Sealed(FrontendKeyOf(frontend), Value(1)));

        Assert.Equal((Verdict.Forward, 1u, ServiceId), Tuple(Ask(frontend)));
    }

    [Theory]
    [InlineData("10.96.0.1", 80, 6)]
    [InlineData("255.255.255.255", 65535, 132)]
    [InlineData("fd00:10:96::1", 53, 17)]
    [InlineData("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 1, 6)]
    public void The_seal_is_the_one_that_the_agent_writes(string address, ushort port, byte protocol)
    {
        var random = new Random(20261128);
        var frontend = Address(address, port, protocol);
        for (var round = 0; round < 50; round++)
        {
            Put(frontend, ServiceCodec.Sealed(FrontendKeyOf(frontend), Anything(random)));
            Ask(frontend);
            Assert.Equal((ulong)0, program.Count(LbReason.SockRace));
        }
    }

    [Theory]
    [InlineData("10.96.0.1")]
    [InlineData("fd00:10:96::1")]
    public void A_value_of_which_one_part_is_another_s_is_never_followed(string address)
    {
        var random = new Random(20261128);
        var frontend = Address(address, 80);
        Publish(backends: 2);
        var (mine, other) = (ServiceCodec.Sealed(FrontendKeyOf(frontend), Value(2)), Anything(random));
        LbService[] torn =
        [
            mine with { Id = other.Id }, mine with { Flags = other.Flags }, mine with { AffinitySec = other.AffinitySec },
            mine with { Cluster = other.Cluster }, mine with { Cluster = mine.Cluster with { First = other.Cluster.First } },
            mine with { Cluster = mine.Cluster with { Count = other.Cluster.Count } }, mine with { Local = other.Local },
            other with { Seal = mine.Seal },
        ];
        foreach (var value in torn)
        {
            Put(frontend, value);
            Assert.Equal(Verdict.Refuse, Ask(frontend).Verdict);
        }
        Assert.Equal((ulong)torn.Length, program.Count(LbReason.SockRaceLost));

        Put(frontend, mine);
        Assert.Equal(Verdict.Forward, Ask(frontend).Verdict);
    }

    private void Put(LbAddr frontend, LbService value)
    {
        if (FrontendKeyOf(frontend).Table == IpFamily.IPv4) program.Services4.Update(Key4(frontend), value);
        else program.Services6.Update(new LbFrontend6 { Addr = frontend.Addr, Port = frontend.Port, Proto = frontend.Proto }, value);
    }

    /// <summary>Random in each field; without flags that want more of the tables.</summary>
    private static LbService Anything(Random random) => new()
    {
        Id = (uint)random.Next(2, 1000),
        Flags = (uint)LbServiceFlag.External,
        AffinitySec = (uint)random.Next(1, 86400),
        Cluster = new LbRange { First = (uint)random.Next(1, 100_000), Count = 0 },
        Local = new LbRange { First = (uint)random.Next(1, 100_000), Count = (uint)random.Next(1, 5000) },
    };

    private static (Verdict, uint, uint) Tuple(Answer answer) => (answer.Verdict, answer.BackendId, answer.ServiceId);

    private static LbFrontend4 Key4(LbAddr frontend) => new() { Addr = frontend.Addr[3], Port = frontend.Port, Proto = frontend.Proto };

    private static FrontendKey FrontendKeyOf(LbAddr a) => a.Addr[2].ToHost() == 0xffff && a.Addr[0].Raw == 0
        ? FrontendKey.From(Key4(a))
        : FrontendKey.From(new LbFrontend6 { Addr = a.Addr, Port = a.Port, Proto = a.Proto });

    private static LbBackend Backend() => new()
    {
        Addr = Address("10.244.0.1", 0).Addr,
        Port = Be16.FromHost(8080),
        Proto = 6,
        Family = 4,
        ServiceId = ServiceId,
        Flags = (uint)LbBackendFlag.InCluster,
    };

    private static LbService Value(uint backends, uint affinitySeconds = 0) => ServiceCodec.Sealed(FrontendKeyOf(Frontend), new LbService
    {
        Id = ServiceId,
        Flags = affinitySeconds > 0 ? (uint)LbServiceFlag.Affinity : 0,
        AffinitySec = affinitySeconds,
        Cluster = new LbRange { First = 0, Count = backends },
    });

    private void Publish(uint backends, uint affinitySeconds = 0)
    {
        for (var i = 0u; i < backends; i++)
        {
            program.Backends.Update(i + 1, Backend());
            program.Slots.Update(i, new LbSlot { BackendId = i + 1, ServiceId = ServiceId });
        }
        program.Services4.Update(Key4(Frontend), Value(backends, affinitySeconds));
    }

    private Answer Ask(LbAddr destination, uint dice = 0, ulong client = Client, string? source = null, uint flowBackend = 0)
        => program.Ask(new Question
    {
        Destination = destination,
        Dice = dice,
        Netns = client,
        Source = source is null ? default : Address(source, 0).Addr,
        FlowFrontend = flowBackend == 0 ? default : destination,
        FlowBackendId = flowBackend,
    });
}
