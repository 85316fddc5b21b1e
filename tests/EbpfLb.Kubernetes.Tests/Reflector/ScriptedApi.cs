using EbpfLb.Kubernetes.Api;
using EbpfLb.Model;
using EbpfLb.Testing.Time;

namespace EbpfLb.Kubernetes.Tests.Reflector;

/// <summary>An API whose every answer a test writes down, in the order in which it is asked.</summary>
internal sealed class ScriptedApi : IKubernetesApi
{
    private readonly Queue<Func<object>> answers = [];
    private readonly TaskCompletionSource exhausted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Description => "https://scripted";

    /// <summary>"list SELECTOR", "stream SELECTOR" and "watch VERSION", in order.</summary>
    public List<string> Calls { get; } = [];

    /// <summary>Completes when all that was written down has been asked for, and the reflector asks for more.</summary>
    public Task Exhausted => exhausted.Task;

    public ScriptedApi List(string version, params Service[] services)
    {
        answers.Enqueue(() => new ObjectList<Service>(version, services));
        return this;
    }

    public ScriptedApi Fail(ApiFailure failure, TimeSpan? retryAfter = null)
    {
        answers.Enqueue(() => throw new ApiException(failure, $"scripted {failure}", retryAfter));
        return this;
    }

    /// <summary>Something that no API throws.</summary>
    public ScriptedApi Throw(Exception exception)
    {
        answers.Enqueue(() => throw exception);
        return this;
    }

    /// <summary>A watch that gives these events, then fails, or ends in an orderly way.</summary>
    public ScriptedApi Watch(ApiFailure? end, params WatchEvent<Service>[] events)
    {
        answers.Enqueue(() => new ScriptedWatch(events, end));
        return this;
    }

    /// <summary>A watch that brings nothing for that long, then fails, or ends in an orderly way.</summary>
    public ScriptedApi Silence(ManualTimeProvider time, TimeSpan lasts, ApiFailure? end = null)
    {
        answers.Enqueue(() => new ScriptedWatch([], end, () => time.Advance(lasts)));
        return this;
    }

    public async Task<ObjectList<T>> ListAsync<T>(
        ApiResource<T> resource, ApiSelector selector, string? notOlderThan, CancellationToken cancellationToken)
        where T : class
        => (ObjectList<T>)await NextAsync($"list {selector.Fields} {notOlderThan}".TrimEnd(), cancellationToken);

    public async Task<IApiWatch<T>> WatchAsync<T>(
        ApiResource<T> resource, ApiSelector selector, string? resourceVersion, CancellationToken cancellationToken)
        where T : class
        => (IApiWatch<T>)await NextAsync(
            resourceVersion is null ? $"stream {selector.Fields}".TrimEnd() : $"watch {resourceVersion}", cancellationToken);

    public Task<T?> GetAsync<T>(ApiResource<T> resource, ObjectName name, CancellationToken cancellationToken)
        where T : class
        => throw new NotSupportedException("reflectors do not get");

    public Task CreateEventAsync(EventPost post, CancellationToken cancellationToken)
        => throw new NotSupportedException("reflectors tell no events");

    private async Task<object> NextAsync(string call, CancellationToken cancellationToken)
    {
        if (answers.TryDequeue(out var answer))
        {
            Calls.Add(call);
            return answer();
        }
        exhausted.TrySetResult();
        await Task.Delay(Timeout.Infinite, cancellationToken);
        throw new OperationCanceledException(cancellationToken);
    }

    private sealed class ScriptedWatch(IReadOnlyList<WatchEvent<Service>> events, ApiFailure? end, Action? beforeEnd = null)
        : IApiWatch<Service>
    {
        private int next;

        public ValueTask<WatchEvent<Service>?> ReadAsync(CancellationToken cancellationToken)
        {
            if (next < events.Count) return new(events[next++]);
            beforeEnd?.Invoke();
            return end is { } failure ? throw new ApiException(failure, $"scripted {failure}") : new((WatchEvent<Service>?)null);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
