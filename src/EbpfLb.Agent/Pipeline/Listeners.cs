using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Pipeline;

/// <summary>
/// Those who are told of something, in the order in which they were added. One that throws is logged with its stack; the others and whoever
/// tells are not disturbed. Thread-safe.
/// </summary>
/// <param name="what">For the log: "round".</param>
internal sealed class Listeners<T>(string what, ILogger logger)
{
    private readonly Lock gate = new();
    private Action<T>[] all = [];

    /// <summary>For good. Add before what it listens to begins: earlier events are not repeated.</summary>
    public void Add(Action<T> listener)
    {
        lock (gate) all = [.. all, listener];
    }

    public void Publish(T value)
    {
        foreach (var listener in Volatile.Read(ref all))
        {
            try
            {
                listener(value);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                Log.ListenerFailed(logger, e, what);
            }
        }
    }
}
