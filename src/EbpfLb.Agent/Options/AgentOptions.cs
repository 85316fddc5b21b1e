using EbpfLb.Configuration;

namespace EbpfLb.Agent.Options;

/// <summary>
/// The options of an agent: what it was started with, and what is in force now. A hot option is had as a function only, so that nobody
/// keeps a value that the file has replaced; who must act on a change subscribes.
/// </summary>
/// <param name="config">As it was read, checked.</param>
internal sealed class AgentOptions(LoadedConfig config, StartOptions start)
{
    private readonly List<Action> observers = [];
    private volatile InForce current = new(config, LiveOptions.Of(config));

    public StartOptions Start { get; } = start;

    /// <summary>What <see cref="Start"/> follows from.</summary>
    public LoadedConfig AtStart { get; } = config;

    /// <summary>What is in force: as at the start, with the hot fields of the file.</summary>
    public LoadedConfig Config => current.Config;

    /// <summary>What is in force when it is asked.</summary>
    public Func<T> Live<T>(Func<LiveOptions, T> read) => () => read(current.Live);

    /// <param name="changed">Called after the options have been replaced, on the thread that did it. For as long as the agent
    /// lives.</param>
    public void Subscribe(Action changed)
    {
        lock (observers) observers.Add(changed);
    }

    /// <summary>What brings the hot fields of a file into force, and nothing else of it (<see cref="LoadedConfig.WithHot"/>).</summary>
    /// <exception cref="FormatException">The file was not checked.</exception>
    public Action Prepare(LoadedConfig wanted)
    {
        var inForce = AtStart.WithHot(wanted);
        var next = new InForce(inForce, LiveOptions.Of(inForce));
        return () =>
        {
            current = next;
            Action[] all;
            lock (observers) all = [.. observers];
            foreach (var changed in all) changed();
        };
    }

    private sealed record InForce(LoadedConfig Config, LiveOptions Live);
}
