namespace EbpfLb.Agent.Options;

/// <summary>
/// The options in force. What can change while the agent runs is read here when it is needed; who must act on a change
/// subscribes. The values are immutable and replaced whole.
/// </summary>
internal sealed class LiveOptions(RunOptions initial)
{
    private readonly List<Action> observers = [];
    private volatile RunOptions current = initial;

    public RunOptions Current => current;

    /// <param name="changed">Called after the options have been replaced, on the thread that did it. For as long as the agent
    /// lives.</param>
    public void Subscribe(Action changed)
    {
        lock (observers) observers.Add(changed);
    }

    public void Replace(RunOptions options)
    {
        current = options;
        Action[] all;
        lock (observers) all = [.. observers];
        foreach (var changed in all) changed();
    }
}
