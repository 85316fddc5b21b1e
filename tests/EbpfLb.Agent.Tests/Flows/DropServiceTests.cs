using System.Runtime.InteropServices;
using EbpfLb.Abi;
using EbpfLb.Agent.Flows;
using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.Events;
using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing.Processes;
using EbpfLb.Testing.Time;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Tests.Flows;

public sealed class DropServiceTests : IAsyncDisposable
{
    private readonly FakeDataplane dataplane = new();
    private readonly DropHistory history = new(100);
    private readonly ManualTimeProvider time = new();
    private readonly CollectedLog log = new();
    private readonly DropService service;

    public DropServiceTests() => service = new DropService(dataplane, history, new Names(), time, log.Loggers.CreateLogger("drops"));

    public async ValueTask DisposeAsync()
    {
        await service.StopAsync(CancellationToken.None);
        service.Dispose();
        log.Dispose();
    }

    [Fact]
    public async Task The_first_drop_is_logged_in_words_and_the_rest_is_summed_up()
    {
        await service.StartAsync(TestContext.Current.CancellationToken);
        Tell(1, count: 1);
        Eventually.True(() => Lines().Length == 1, "the drop is told");
        Assert.Contains("reason=drop_snat_ports count=1 from 192.0.2.1:40000 to 10.0.0.5:80/TCP of default/web:http: "
            + "every SNAT port towards a backend is taken: widen --snat-ports", Lines()[0]);

        Tell(2, count: 1235);
        Assert.Single(Lines());
        time.Advance(TimeSpan.FromSeconds(30));
        Eventually.True(() => Lines().Length == 2, "the drop is told");
        Assert.Contains("count=1234 from 192.0.2.1:40000", Lines()[1]);
        Assert.Contains("(1,234 packets in 30 s): widen --snat-ports", Lines()[1]);
    }

    [Fact]
    public async Task That_what_the_programs_say_cannot_be_read_is_known_until_it_can()
    {
        dataplane.OnOpenEvents = () => throw new BpfException(Errno.EPERM, "open", "lb_events");
        await service.StartAsync(TestContext.Current.CancellationToken);
        Eventually.True(() => service.Problem is not null, "the problem is known");
        Assert.Contains("cannot be read", service.Problem, StringComparison.Ordinal);

        dataplane.OnOpenEvents = null;
        await time.WhenTimerIsDueIn(TimeSpan.FromMinutes(1)).WaitAsync(TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromMinutes(1));
        Eventually.True(() => service.Problem is null, "the problem has gone");
    }

    private void Tell(int expected, ulong count)
    {
        dataplane.Reasons = [new ReasonCount(LbReason.DropSnatPorts, count, 0)];
        var record = new LbEvent
        {
            Reason = (ushort)LbReason.DropSnatPorts, Proto = 6, Sport = Be16.FromHost(40000), Dport = Be16.FromHost(80), ServiceId = 7,
        };
        IpAddress.Parse("192.0.2.1").WriteBytes(MemoryMarshal.AsBytes(new Span<Be32x4>(ref record.Src)));
        IpAddress.Parse("10.0.0.5").WriteBytes(MemoryMarshal.AsBytes(new Span<Be32x4>(ref record.Dst)));
        dataplane.Events.Tell(record);
        Eventually.True(() => history.After(0).Count == expected, "the drop is told");
    }

    private string[] Lines() => [.. log.Lines.Where(l => l.Contains("Packets not balanced"))];

    private sealed class Names : IServiceNames
    {
        public ServicePortKey? Find(uint id) => Read().TryGetValue(id, out var port) ? port : null;

        public IReadOnlyDictionary<uint, ServicePortKey> Read() => new Dictionary<uint, ServicePortKey>
        {
            [7] = new(new ObjectName("default", "web"), "http", TransportProtocol.Tcp, IpFamily.IPv4),
        };
    }
}
