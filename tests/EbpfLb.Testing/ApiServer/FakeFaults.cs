namespace EbpfLb.Testing.ApiServer;

/// <summary>How the fake server misbehaves. May be changed while it runs.</summary>
public sealed class FakeFaults
{
    private readonly Lock gate = new();
    private readonly HashSet<(string Verb, string Plural)> forbidden = [];
    private readonly Queue<(int Code, int? RetryAfter)> answers = [];
    private HashSet<string>? tokens;
    private HashSet<(string Verb, string Plural)>? allowed;
    private HashSet<string>? users;
    private TaskCompletionSource? hold;
    private int listsToCut;
    private int stalledLists;

    /// <summary>Watches from a forgotten version: true answers HTTP 410, false (as recorded) 200 and an ERROR event.</summary>
    public bool ExpiredAsStatus { get; set; }

    /// <summary>Watches are accepted and then never send a byte.</summary>
    public bool SilentWatches { get; set; }

    /// <summary>Lists of "not older than" a version are answered as by a server that has not come to that version.</summary>
    public bool VersionsAreBehind { get; set; }

    /// <summary>Accepts only these bearer tokens from now on (client certificates stay accepted).</summary>
    public void AcceptTokens(params string[] accepted)
    {
        lock (gate) tokens = [.. accepted];
    }

    /// <summary>Of those who show a client certificate, accepts only these from now on.</summary>
    public void AcceptUsers(params string[] accepted)
    {
        lock (gate) users = [.. accepted];
    }

    public void Forbid(string verb, string plural)
    {
        lock (gate) forbidden.Add((verb, plural));
    }

    public void Allow(string verb, string plural)
    {
        lock (gate) forbidden.Remove((verb, plural));
    }

    /// <summary>Refuses all but these from now on, as a ClusterRole does.</summary>
    public void AllowOnly(IEnumerable<(string Verb, string Plural)> rules)
    {
        lock (gate) allowed = [.. rules];
    }

    /// <summary>Answers the next requests with this code.</summary>
    public void FailNext(int code, int times = 1, int? retryAfterSeconds = null)
    {
        lock (gate)
        {
            for (var i = 0; i < times; i++) answers.Enqueue((code, retryAfterSeconds));
        }
    }

    /// <summary>Cuts the connection in the middle of the next lists.</summary>
    public void CutNextLists(int times = 1) => Interlocked.Add(ref listsToCut, times);

    /// <summary>Lists are answered by half from now on, and then by nothing more.</summary>
    public bool StallLists { get; set; }

    /// <summary>How many lists have come to their middle and stay there.</summary>
    public int StalledLists => Volatile.Read(ref stalledLists);

    internal void ListStalls() => Interlocked.Increment(ref stalledLists);

    /// <summary>From now on requests are taken and not answered until <see cref="Release"/>.</summary>
    public void Hold()
    {
        lock (gate) hold ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public void Release()
    {
        lock (gate)
        {
            hold?.SetResult();
            hold = null;
        }
    }

    internal Task Held
    {
        get
        {
            lock (gate) return hold?.Task ?? Task.CompletedTask;
        }
    }

    internal bool IsAccepted(string? token)
    {
        lock (gate) return tokens is null || (token is not null && tokens.Contains(token));
    }

    internal bool IsAcceptedUser(string user)
    {
        lock (gate) return users is null || users.Contains(user);
    }

    internal bool IsForbidden(string verb, string plural)
    {
        lock (gate) return forbidden.Contains((verb, plural)) || (allowed is not null && !allowed.Contains((verb, plural)));
    }

    internal (int Code, int? RetryAfter)? TakeAnswer()
    {
        lock (gate) return answers.TryDequeue(out var answer) ? answer : null;
    }

    internal bool TakeListCut()
    {
        if (Volatile.Read(ref listsToCut) <= 0) return false;
        Interlocked.Decrement(ref listsToCut);
        return true;
    }
}
