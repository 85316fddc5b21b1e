using EbpfLb.Datapath.Tests.Packets;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Datapath.Tests.Packets.Truth;
using EbpfLb.Model;
using EbpfLb.Planning.Scheduling;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Packets;
using EbpfLb.Testing.Schedulers;

namespace EbpfLb.Datapath.Tests.Schedulers;

/// <summary>Packets to a service of each scheduler, from an object of the cluster to the backend, beside a model of IPVS.</summary>
public class SchedulerPacketTests(PacketFixture fixture) : PacketTest(fixture.Program)
{
    /// <summary>Fewer half-open flows than the ring has places: none is evicted, which would end a connection.</summary>
    private const int Steps = 250;

    private static readonly int[] Weights = [3, 1, 2, 0, 5];

    public static TheoryData<Scheduler, Family> All => new(
        from scheduler in Enum.GetValues<Scheduler>() from family in Enum.GetValues<Family>() select (scheduler, family));

    [Theory]
    [MemberData(nameof(All))]
    public void Each_connection_goes_where_IPVS_would_send_it(Scheduler scheduler, Family family)
    {
        Fill(scheduler, family, Weights);
        var model = new SchedulerModel(scheduler, Weights);
        var random = new Random(17);
        List<(int Port, int Backend)> open = [];

        for (var i = 0; i < Steps; i++)
        {
            if (open.Count > 0 && random.Next(100) < 35)
            {
                var index = random.Next(open.Count);
                Send(family, open[index].Port, new TcpSegment(TcpFlags.Rst));
                model.End(open[index].Backend);
                open.RemoveAt(index);
                continue;
            }
            var port = 20_000 + i;
            var source = scheduler == Scheduler.Maglev ? $"{port}" : "client";
            var allowed = model.Next(source, "service");
            var backend = BackendOf(Send(family, port, Segments.Opening(L4.Tcp)));
            Assert.Contains(backend, allowed);
            model.Begin(backend, source, "service");
            open.Add((port, backend));
        }

        Assert.DoesNotContain(open, c => Weights[c.Backend] == 0);
    }

    [Theory]
    [InlineData(Scheduler.Random)]
    [InlineData(Scheduler.WeightedRoundRobin)]
    [InlineData(Scheduler.Maglev)]
    public void Shares_are_as_the_weights(Scheduler scheduler)
    {
        Fill(scheduler, Family.IPv4, Weights);
        var counts = new int[Weights.Length];
        const int Connections = 2200;

        for (var i = 0; i < Connections; i++)
        {
            counts[BackendOf(Send(Family.IPv4, 10_000 + i, Segments.Opening(L4.Tcp)))]++;
            if (i % 200 == 199) Program.Tables.ClearFlows();
        }

        for (var i = 0; i < Weights.Length; i++)
        {
            var expected = (double)Connections * Weights[i] / Weights.Sum();
            // Six standard deviations of a binomial distribution; a table of 16,381 places adds less than a hundredth.
            var slack = (6 * Math.Sqrt(expected)) + (expected / 100);
            Assert.InRange(counts[i], expected - slack, expected + slack);
        }
    }

    [Theory]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(129)]
    [InlineData(300)]
    public void Least_connections_of_many_backends_leave_none_far_behind(int count)
    {
        Fill(Scheduler.LeastConnection, Family.IPv4, [.. Enumerable.Repeat(1, count)]);
        var counts = new int[count];

        for (var i = 0; i < Steps; i++) counts[BackendOf(Send(Family.IPv4, 10_000 + i, Segments.Opening(L4.Tcp)))]++;

        // All are asked up to 128; of more, two are drawn, which keeps the fullest within a few of the others.
        if (count <= 128) Assert.InRange(counts.Max() - counts.Min(), 0, 1);
        else Assert.InRange(counts.Max(), 1, (Steps / count) + 4);
    }

    [Fact]
    public void A_client_of_sh_keeps_its_backend_and_clients_spread()
    {
        Fill(Scheduler.SourceHash, Family.IPv4, [1, 1, 1, 1]);
        HashSet<int> used = [];

        for (var client = 1; client < 60; client++)
        {
            var source = System.Net.IPAddress.Parse($"10.244.1.{100 + client}");
            var backends = Enumerable.Range(0, 5).Select(i => BackendOf(
                In(PacketBuilder.From(source, 30_000 + i).To(Ends.Of(Family.IPv4).ClusterIp, 80).Over(Segments.Opening(L4.Tcp)).Payload(0),
                    PacketLab.Pods))).Distinct().ToList();
            used.Add(Assert.Single(backends));
        }

        Assert.Equal(4, used.Count);
    }

    /// <summary>What `ebpflb explain` says of a hash is what the programs do.</summary>
    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void The_place_of_an_address_can_be_told(Family family)
    {
        Fill(Scheduler.SourceHash, family, [1, 1, 1, 1]);
        var prefix = family == Family.IPv4 ? "10.244.1." : "fd00:244:1::";

        foreach (var client in Enumerable.Range(100, 30).Select(i => $"{prefix}{i}"))
        {
            var packet = PacketBuilder.From(System.Net.IPAddress.Parse(client), 31_000).To(Ends.Of(family).ClusterIp, 80)
                .Over(Segments.Opening(L4.Tcp)).Payload(0);
            Assert.Equal(AddressHash.PlaceOf(IpAddress.Parse(client), 4), (uint)BackendOf(In(packet, PacketLab.Pods)));
        }
    }

    private void Fill(Scheduler scheduler, Family family, int[] weights) => CompiledTables.Fill(
        Program,
        ForwardingCompiler.Compile(
            new ClusterBuilder()
                .Service("web", [Ends.Of(family).ClusterIp.ToString()], [":80"], scheduler: scheduler)
                .Slice("web-1", "web", [":8080"], [.. weights.Select((w, i) => $"{BackendAddress(family, i)} node=here weight={w}")])
                .Build(),
            new PolicyOptions { NodeName = "here" }, null));

    private PacketResult Send(Family family, int port, Transport segment)
        => In(PacketBuilder.From(Ends.Of(family).LocalPod, port).To(Ends.Of(family).ClusterIp, 80).Over(segment).Payload(0),
            PacketLab.Pods);

    private static string BackendAddress(Family family, int index)
        => family == Family.IPv4 ? $"10.244.{8 + (index / 200)}.{1 + (index % 200)}" : $"fd00:244:8::{index + 1:x}";

    private static int BackendOf(PacketResult result)
    {
        var to = PacketReader.Read(result.Packet).Ip.Destination.Address.GetAddressBytes();
        return to.Length == 4 ? ((to[2] - 8) * 200) + to[3] - 1 : (to[14] << 8) + to[15] - 1;
    }
}
