using System.Runtime.InteropServices;
using EbpfLb.Abi;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Flows;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Datapath.Events;
using EbpfLb.Datapath.Flows;
using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing.Processes;
using EbpfLb.Testing.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Agent.Tests.Flows;

/// <summary>Programs trace while somebody asks for it through the control socket.</summary>
public sealed class TraceServiceTests : IAsyncDisposable
{
    private static readonly TimeSpan Round = TimeSpan.FromMilliseconds(100);

    private readonly TemporaryDirectory directory = new();
    private readonly FakeDataplane dataplane = new();
    private readonly ManualTimeProvider time = new();
    private readonly FlowClock clock;
    private readonly TraceHistory history = new(3);
    private readonly TraceService service;
    private readonly ControlServer server;
    private ControlClient? client;
    private int reads;

    public TraceServiceTests()
    {
        var (names, loggers) = (new Names(), NullLoggerFactory.Instance);
        var watchers = new TraceWatchers(names, time);
        clock = new FlowClock(time);
        service = new TraceService(dataplane, history, watchers, time, loggers.CreateLogger("traces"));
        server = new ControlServer(
            directory.File("a.sock"),
            new FakeView { Traces = new TraceView(history, watchers, () => service.Lost, names, time, ReadDevices) }, loggers);
    }

    public async ValueTask DisposeAsync()
    {
        await service.StopAsync(CancellationToken.None);
        service.Dispose();
        client?.Dispose();
        await server.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task What_an_agent_that_was_killed_has_left_on_is_switched_off()
    {
        dataplane.Traces.Trace(TraceBits.All, uint.MaxValue);

        await StartAsync();

        Assert.Null(dataplane.Traces.Wanted);
    }

    [Fact]
    public async Task Traces_come_with_names_to_who_asks_and_those_of_before_do_not()
    {
        await StartAsync();
        dataplane.Traces.Tell(Record(7, 1));

        var first = await AskAsync(new TraceFilter());
        await RoundAsync();
        dataplane.Traces.Tell(Record(7, 40000));
        dataplane.Traces.Tell(Record(9, 40001) with
        {
            Kind = (byte)LbTraceKind.Connected, Hook = (byte)LbTraceHook.AtSocket, Iif = 0, Pid = 1234, Cookie = 77,
            Process = U8x16.FromBytes("cu\u001brl\0\0\0\0\0\0\0\0\0\0\0"u8),
        });
        dataplane.Traces.Lost = 5;
        await RoundAsync();
        Eventually.True(() => history.Last == 2 && service.Lost == 5, "both to be read");

        var report = await AskAsync(new TraceFilter(), first.Last);
        Assert.Equal((0L, 2L, 5L, 0L), (first.Last, report.Last, report.Lost, report.Forgotten));
        Assert.Equal(
            [
                new TraceRow(1, report.Traces[0].Time, "opened", "tc", "TCP", "192.0.2.1:40000", "10.96.0.1:80", "10.244.0.5:8080", null,
                    null, null, "if4000000", null, null, null, "default/web:http", 7),
                new TraceRow(2, report.Traces[1].Time, "connected", "connect", "TCP", "192.0.2.1:40001", "10.96.0.1:80", "10.244.0.5:8080",
                    null, null, null, null, "cu?rl", 1234, 77, null, 9),
            ], report.Traces);
        Assert.Equal([1L], (await AskAsync(new TraceFilter("default"), 0)).Traces.Select(t => t.Number));
    }

    [Fact]
    public async Task Programs_are_told_anew_each_second_and_stop_when_nobody_asks_any_more()
    {
        await StartAsync();
        await AskAsync(new TraceFilter());
        await RoundAsync();
        Assert.Equal((TraceBits.All, clock.Now + 3), dataplane.Traces.Wanted);

        for (var i = 0; i < 15; i++) await RoundAsync();
        var (stops, told) = (dataplane.Traces.Stops, dataplane.Traces.Wanted!.Value.Until);
        Assert.InRange((int)(told - clock.Now), 2, 3);

        for (var i = 0; i < 15; i++) time.Advance(Round);
        Eventually.True(() =>
        {
            time.Advance(Round);
            return dataplane.Traces.Stops > stops;
        }, "the end of tracing");
        Assert.Null(dataplane.Traces.Wanted);

        await AskAsync(new TraceFilter());
        await RoundAsync();
        Assert.NotNull(dataplane.Traces.Wanted);
    }

    [Fact]
    public async Task Only_the_services_that_are_asked_for_are_traced_of_all_who_ask()
    {
        await StartAsync();
        await AskAsync(new TraceFilter(Service: "default/web"));
        await RoundAsync();
        Assert.Equal(TraceBits.Of(7) | TraceBits.Of(72), dataplane.Traces.Wanted!.Value.Services);

        await AskAsync(new TraceFilter(Service: "#8"));
        for (var i = 0; i < 10; i++) await RoundAsync();
        Assert.Equal(TraceBits.Of(7) | TraceBits.Of(72) | TraceBits.Of(8), dataplane.Traces.Wanted!.Value.Services);

        await AskAsync(new TraceFilter());
        for (var i = 0; i < 10; i++) await RoundAsync();
        Assert.Equal(TraceBits.All, dataplane.Traces.Wanted!.Value.Services);
    }

    [Fact]
    public async Task What_was_not_fetched_in_time_is_counted()
    {
        await StartAsync();
        await AskAsync(new TraceFilter());
        await RoundAsync();
        for (ushort i = 1; i <= 5; i++) dataplane.Traces.Tell(Record(7, i));
        await RoundAsync();
        Eventually.True(() => history.Last == 5, "all to be read");

        var report = await AskAsync(new TraceFilter(), 1);

        Assert.Equal((5L, 1L), (report.Last, report.Forgotten));
        Assert.Equal([3L, 4L, 5L], report.Traces.Select(t => t.Number));
    }

    [Fact]
    public async Task The_agents_own_check_of_its_hooks_is_not_told()
    {
        await StartAsync();
        await AskAsync(new TraceFilter());
        await RoundAsync();
        foreach (var frontend in (Frontend[])[Canary.FrontendV4, Canary.FrontendV6])
        {
            var record = Record(1, 1) with { Kind = (byte)LbTraceKind.Connected, FrontendPort = Be16.FromHost(frontend.Port) };
            frontend.Address.WriteBytes(MemoryMarshal.AsBytes(new Span<Be32x4>(ref record.Frontend)));
            dataplane.Traces.Tell(record);
        }
        dataplane.Traces.Tell(Record(7, 2));
        await RoundAsync();
        Eventually.True(() => history.Last > 0, "a trace to be read");

        var told = Assert.Single((await AskAsync(new TraceFilter(), 0)).Traces);

        Assert.Equal((1L, "10.96.0.1:80"), (told.Number, told.Frontend));
    }

    [Fact]
    public async Task Names_of_devices_are_read_when_somebody_begins_to_ask_and_not_for_each_answer()
    {
        await StartAsync();
        await AskAsync(new TraceFilter());
        await RoundAsync();
        for (ushort i = 1; i <= 3; i++)
        {
            dataplane.Traces.Tell(Record(7, i));
            await RoundAsync();
            Eventually.True(() => history.Last == i, "it to be read");
            Assert.Equal("if4000000", Assert.Single((await AskAsync(new TraceFilter(), i - 1)).Traces).Device);
        }
        Assert.Equal(1, reads);

        await AskAsync(new TraceFilter());
        await AskAsync(new TraceFilter(), 0);
        Assert.Equal(2, reads);
    }

    [Fact]
    public async Task A_service_that_is_written_wrong_is_refused()
    {
        await StartAsync();

        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(new TraceFilter(Service: "a/b/c")));

        Assert.Equal(System.Net.HttpStatusCode.BadRequest, refused.StatusCode);
    }

    private Dictionary<uint, string> ReadDevices()
    {
        reads++;
        return [];
    }

    private async Task StartAsync()
    {
        await server.StartAsync(TestContext.Current.CancellationToken);
        client = await ControlClient.TryConnectAsync(directory.File("a.sock"), TestContext.Current.CancellationToken);
        await service.StartAsync(TestContext.Current.CancellationToken);
        Eventually.True(() => dataplane.Traces.Stops == 1, "the service to begin");
    }

    private Task<TracesReport> AskAsync(TraceFilter filter, long? after = null)
        => client!.Traces!.ReadAsync(new TraceQuery(filter, after), TestContext.Current.CancellationToken);

    /// <summary>The service has begun to wait; then its time is over.</summary>
    private async Task RoundAsync()
    {
        await time.WhenTimerIsDueIn(Round).WaitAsync(TestContext.Current.CancellationToken);
        time.Advance(Round);
        await time.WhenTimerIsDueIn(Round).WaitAsync(TestContext.Current.CancellationToken);
    }

    private static LbTrace Record(uint service, ushort port)
    {
        var record = new LbTrace
        {
            Kind = (byte)LbTraceKind.Opened, Hook = (byte)LbTraceHook.AtTc, Proto = 6, ServiceId = service, Iif = 4_000_000,
            ClientPort = Be16.FromHost(port), FrontendPort = Be16.FromHost(80), BackendPort = Be16.FromHost(8080),
        };
        Write("192.0.2.1", ref record.Client);
        Write("10.96.0.1", ref record.Frontend);
        Write("10.244.0.5", ref record.Backend);
        return record;

        static void Write(string address, ref Be32x4 to)
            => IpAddress.Parse(address).WriteBytes(MemoryMarshal.AsBytes(new Span<Be32x4>(ref to)));
    }

    private sealed class Names : IServiceNames
    {
        public ServicePortKey? Find(uint id) => Read().TryGetValue(id, out var port) ? port : null;

        public IReadOnlyDictionary<uint, ServicePortKey> Read() => new Dictionary<uint, ServicePortKey>
        {
            [7] = new(new ObjectName("default", "web"), "http", TransportProtocol.Tcp, IpFamily.IPv4),
            [72] = new(new ObjectName("default", "web"), "https", TransportProtocol.Tcp, IpFamily.IPv4),
            [8] = new(new ObjectName("default", "dns"), "dns", TransportProtocol.Udp, IpFamily.IPv4),
        };
    }
}
