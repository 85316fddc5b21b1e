using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Timing;

/// <summary>
/// A service beside the pipeline: <see cref="RunAsync"/> under a <see cref="SupervisedLoop"/>, so each of them fails and recovers in the
/// same way. What is not one of these (the pipeline itself) says why.
/// </summary>
/// <param name="name">Short and constant, such as "affinity".</param>
public abstract class SupervisedService(string name, TimeProvider time, ILogger logger) : BackgroundService
{
    protected TimeProvider Time => time;

    protected ILogger Logger => logger;

    protected sealed override Task ExecuteAsync(CancellationToken stoppingToken) => SuperviseAsync("", RunAsync, stoppingToken);

    /// <summary>A part of the service that fails and recovers by itself.</summary>
    /// <param name="part">Put behind the name of the service.</param>
    protected Task SuperviseAsync(string part, Func<CancellationToken, Task> run, CancellationToken stoppingToken)
        => new SupervisedLoop(part.Length == 0 ? name : $"{name} {part}", run, time, logger).RunAsync(stoppingToken);

    /// <summary>One run; the next one begins with nothing but the fields of the class. Returns when there is nothing more to do.</summary>
    protected abstract Task RunAsync(CancellationToken stoppingToken);
}
