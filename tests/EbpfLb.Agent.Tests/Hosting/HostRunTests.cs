using EbpfLb.Agent.Hosting;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Timing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Tests.Hosting;

/// <summary>How the process ends when one of its services does.</summary>
public sealed class HostRunTests : IDisposable
{
    private readonly CollectedLog log = new();

    public void Dispose() => log.Dispose();

    [Fact]
    public async Task A_service_that_throws_ends_the_process_as_a_failure_with_its_stack()
    {
        Assert.False(await RunAsync(new Broken()));
        Assert.Contains($"part={nameof(Broken)}", string.Concat(log.Lines), StringComparison.Ordinal);
        Assert.Contains(log.Lines,
            l => l.Contains("part=Broken", StringComparison.Ordinal) && l.Contains(nameof(Broken.FailAsync), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_service_that_cannot_be_started_does_too()
    {
        Assert.False(await RunAsync(new NeverStarts()));
        Assert.Contains(
            log.Lines, l => l.Contains("part=host", StringComparison.Ordinal) && l.Contains("cannot be started", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_supervised_service_that_throws_ends_nothing()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var service = new Recovering(log.Loggers.CreateLogger("recovering"));
        var running = RunAsync(service, stop.Token);
        await service.Recovered.Task;
        Assert.False(running.IsCompleted);
        await stop.CancelAsync();
        Assert.True(await running);
        Assert.Contains("part=recovering", Assert.Single(log.Lines, l => l.Contains("is started again", StringComparison.Ordinal)),
            StringComparison.Ordinal);
    }

    private Task<bool> RunAsync(IHostedService service, CancellationToken? token = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton(log.Loggers);
        builder.Services.Configure<ConsoleLifetimeOptions>(o => o.SuppressStatusMessages = true);
        builder.Services.AddSingleton(service);
        return HostRun.RunAsync(builder.Build(), log.Loggers.CreateLogger("host"), token ?? TestContext.Current.CancellationToken);
    }

    private sealed class Broken : BackgroundService
    {
        protected override Task ExecuteAsync(CancellationToken stoppingToken) => FailAsync();

        public static async Task FailAsync()
        {
            await Task.Yield();
            throw new InvalidOperationException("a bug");
        }
    }

    private sealed class NeverStarts : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => throw new InvalidOperationException("cannot be started");

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class Recovering(ILogger logger) : SupervisedService("recovering", TimeProvider.System, logger)
    {
        private bool hasFailed;

        public TaskCompletionSource Recovered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override Task RunAsync(CancellationToken stoppingToken)
        {
            if (!hasFailed)
            {
                hasFailed = true;
                throw new InvalidOperationException("once");
            }
            Recovered.TrySetResult();
            return Time.DelayAsync(Timeout.InfiniteTimeSpan, stoppingToken);
        }
    }
}
