using EbpfLb.Agent.Commands.Doctor;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Options;
using EbpfLb.Datapath;
using EbpfLb.Model;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Hosting;

/// <summary>What the commands are made of. Tests put other parts in.</summary>
/// <param name="OpenSource">Throws <see cref="StartException"/> when the options cannot work.</param>
/// <param name="OpenDataplane">Loads programs and maps or takes over the pinned ones. Throws <see cref="StartException"/>.</param>
internal sealed record AgentParts(
    Func<AgentOptions, ILoggerFactory, IClusterSource> OpenSource,
    Func<AgentOptions, ILoggerFactory, IDataplane> OpenDataplane,
    IInstanceFinder Finder,
    IInstanceRemover Remover,
    TimeProvider Time)
{
    /// <summary>
    /// Makes this process the one that writes to the instance, until what is returned is disposed. Throws <see cref="StartException"/> when
    /// another does, before anything was changed.
    /// </summary>
    public Func<AgentOptions, ILogger, CancellationToken, Task<IDisposable>> TakeOwnership { get; init; } = (_, _, _)
        => Task.FromResult<IDisposable>(new CancellationTokenSource());

    /// <summary>Writes the process's OOM score; why it was not possible, null when it was.</summary>
    public Func<int, string?> SetOomScore { get; init; } = _ => null;

    /// <summary>The value of a variable of the environment; null: it is not set.</summary>
    public Func<string, string?> Environment { get; init; } = System.Environment.GetEnvironmentVariable;

    /// <summary>This process may do everything; others see neither sockets nor maps.</summary>
    public bool IsRoot { get; init; } = System.Environment.IsPrivilegedProcess;

    /// <summary>Looks at the node, for `ebpflb doctor`.</summary>
    public Func<DoctorRequest, CancellationToken, Task<DoctorReport>> Examine { get; init; } = (request, _)
        => Task.FromResult(new DoctorReport(request.Instance.Name, "", "", []));

    /// <summary>What --init-only does: brings the node's settings in order. What is still wrong then.</summary>
    public Func<AgentOptions, IReadOnlyList<string>> PrepareNode { get; init; } = _ => [];
}

/// <summary>The agent cannot start; the message says why and what to do.</summary>
internal sealed class StartException(string message, Exception? inner = null) : Exception(message, inner);
