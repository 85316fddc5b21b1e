using EbpfLb.Agent.Control;
using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Options;
using EbpfLb.Model;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Hosting;

/// <summary>What the commands are made of. Tests put other parts in.</summary>
/// <param name="OpenSource">Throws <see cref="StartException"/> when the options cannot work.</param>
/// <param name="OpenDataplane">Loads programs and maps or takes over the pinned ones. Throws <see cref="StartException"/>.</param>
internal sealed record AgentParts(
    Func<RunOptions, ILoggerFactory, IClusterSource> OpenSource,
    Func<RunOptions, ILoggerFactory, IDataplane> OpenDataplane,
    IInstanceFinder Finder,
    IInstanceRemover Remover,
    TimeProvider Time);

/// <summary>The agent cannot start; the message says why and what to do.</summary>
internal sealed class StartException(string message, Exception? inner = null) : Exception(message, inner);
