using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace EbpfLb.Testing.Netns;

/// <summary>
/// One namespace with the devices that a test asks for, and a thread that lives in it: thousands of short pieces of work (test runs
/// whose routing lookups happen in the caller's namespace) cost no thread each.
/// </summary>
public sealed class ScratchNetns : IDisposable
{
    private readonly BlockingCollection<Action> queue = [];
    private readonly Thread thread;

    private ScratchNetns(string name)
    {
        Name = name;
        thread = new Thread(() => NetnsThread.Enter(Path, () =>
        {
            foreach (var work in queue.GetConsumingEnumerable()) work();
        })) { IsBackground = true, Name = $"netns {name}" };
    }

    public string Name { get; }

    public string Path => NetnsTopology.PathOf(Name);

    /// <summary>Makes the namespace; routes packets of both families, and addresses are usable at once.</summary>
    /// <param name="commands">Of ip(8), without the word "ip".</param>
    public static ScratchNetns Create(params IReadOnlyList<string> commands)
    {
        Leftovers.RemoveOfDeadProcesses();
        var netns = new ScratchNetns(Leftovers.NewName());
        Ip.Batch(null, $"netns add {netns.Name}");
        try
        {
            netns.thread.Start();
            netns.Run(() =>
            {
                foreach (var name in (string[])["ipv6/conf/default/accept_dad", "ipv6/conf/all/accept_dad"])
                    File.WriteAllText($"/proc/sys/net/{name}", "0");
                foreach (var name in (string[])["ipv4/ip_forward", "ipv6/conf/all/forwarding"])
                    File.WriteAllText($"/proc/sys/net/{name}", "1");
            });
            Ip.Batch(netns.Name, ["link set lo up", .. commands]);
            return netns;
        }
        catch
        {
            netns.Dispose();
            throw;
        }
    }

    /// <summary>More commands of ip(8).</summary>
    public void Configure(params IReadOnlyList<string> commands) => Ip.Batch(Name, commands);

    /// <summary>Runs <paramref name="work"/> on the thread in the namespace and returns its result or its exception.</summary>
    public T Run<T>(Func<T> work)
    {
        if (Thread.CurrentThread == thread) return work();
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        using var done = new ManualResetEventSlim();
        queue.Add(() =>
        {
            try
            {
                result = work();
            }
#pragma warning disable CA1031 // Whatever it is, the caller gets it.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                failure = ExceptionDispatchInfo.Capture(exception);
            }
            done.Set();
        });
        done.Wait();
        failure?.Throw();
        return result;
    }

    public void Run(Action work) => Run(() =>
    {
        work();
        return true;
    });

    public void Dispose()
    {
        queue.CompleteAdding();
        if (thread.IsAlive) thread.Join();
        queue.Dispose();
        NetnsTopology.Delete(Name);
    }
}
