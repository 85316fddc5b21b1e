using EbpfLb.Agent.Control;
using EbpfLb.Agent.Hosting;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Agent.Tests.Pipeline;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Agent.Tests.Commands;

/// <summary>The whole agent in this process, over a fake source and dataplane.</summary>
public sealed class RunCommandTests : IDisposable
{
    private readonly TestCommandLine line = new();
    private readonly TemporaryDirectory directory = new();
    private readonly FakeSource source = new();
    private readonly FakeDataplane dataplane = new();
    private readonly CancellationTokenSource stop = new();

    public RunCommandTests()
    {
        line.OpenSource = (_, _) => source;
        line.OpenDataplane = (_, _) => dataplane;
    }

    public void Dispose()
    {
        line.Dispose();
        directory.Dispose();
        stop.Dispose();
    }

    [Fact]
    public async Task It_serves_its_state_on_the_control_socket_and_leaves_everything_in_place()
    {
        var running = Start();
        source.Push(
            new ClusterBuilder().Service("web", ["10.96.0.1"], ["http:80"]).Slice("web-1", "web", ["http:8080"], ["10.1.0.1"]).Build());
        await dataplane.NextAppliedAsync();

        using var client = await ConnectAsync();
        await Waiting.UntilAsync(() => client.StatusAsync(stop.Token).GetAwaiter().GetResult().Ready);
        var status = await client.StatusAsync(stop.Token);
        Assert.Equal("fake", status.Source?.Description);
        Assert.Equal("connect4", Assert.Single(status.Hooks).Hook);
        Assert.Equal("tcx", Assert.Single(status.Features, f => f.Available == false).Name);
        var service = Assert.Single((await client.ServicesAsync(ServiceQuery.All, stop.Token)).Services);
        var frontend = Assert.Single(service.Frontends);
        Assert.Equal(("default/web", "http", "10.96.0.1", 80, "TCP", 1),
            (service.Service, service.Port, frontend.Address, frontend.PortNumber, service.Protocol, frontend.Backends));
        Assert.Equal("10.1.0.1", Assert.Single((await client.BackendsAsync(ServiceQuery.All, stop.Token)).Backends).Address);

        await stop.CancelAsync();
        Assert.Equal(0, await running);
        Assert.True(dataplane.IsDisposed);
        Assert.False(File.Exists(directory.File("default.sock")));
        Assert.Contains("Stopping: programs and tables stay in force", line.Error);
        Assert.Contains("Kernel features: available=cgroup_link\n", line.Error);
        Assert.Contains("Kernel feature missing: name=tcx lost=\"tc programs as links\" reason=\"EINVAL\"", line.Error);
    }

    [Fact]
    public async Task A_second_agent_of_the_same_instance_does_not_start()
    {
        var running = Start();
        using var client = await ConnectAsync();
        Assert.Equal(1, await line.RunAsync("run", "--run-dir", directory.Path));
        Assert.Contains("Cannot start: an agent of instance 'default' runs already", line.Error);
        Assert.Equal("fake", (await client.StatusAsync(stop.Token)).Source?.Description);
        await stop.CancelAsync();
        Assert.Equal(0, await running);
    }

    [Fact]
    public async Task A_kernel_that_refuses_is_told_with_its_reason_and_ends_with_1()
    {
        line.OpenDataplane = (_, _) => throw new StartException("loading needs CAP_BPF; run as root");
        Assert.Equal(1, await line.RunAsync("run", "--run-dir", directory.Path));
        Assert.Contains("Cannot start: loading needs CAP_BPF; run as root", line.Error);
    }

    [Fact]
    public async Task A_source_that_ends_by_itself_ends_the_agent_with_1()
    {
        var running = Start();
        using (await ConnectAsync()) source.End(new InvalidOperationException("a bug"));
        Assert.Equal(1, await running);
        Assert.Contains("part=source", line.Error);
    }

    [Fact]
    public async Task A_socket_left_by_an_agent_that_was_killed_is_replaced_and_only_the_owner_may_use_it()
    {
        await File.WriteAllTextAsync(directory.File("default.sock"), "", TestContext.Current.CancellationToken);
        var running = Start();
        using (await ConnectAsync())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(directory.File("default.sock")));
        await stop.CancelAsync();
        Assert.Equal(0, await running);
    }

    private Task<int> Start() => Task.Run(() => line.RunAsync(
        ["run", "--run-dir", directory.Path, "--healthz-bind-address", "127.0.0.1:0", "--metrics-bind-address", "127.0.0.1:0"],
        stop.Token));

    private async Task<ControlClient> ConnectAsync()
    {
        ControlClient? client = null;
        await Waiting.UntilAsync(()
            => (client = ControlClient.TryConnectAsync(directory.File("default.sock"), stop.Token).GetAwaiter().GetResult()) is not null);
        return client!;
    }
}
