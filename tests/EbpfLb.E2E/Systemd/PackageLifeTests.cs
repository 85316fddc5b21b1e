using System.Globalization;
using EbpfLb.E2E.Migration;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Systemd;

/// <summary>The package on a machine that systemd runs, by dpkg, apt and systemctl, as docs/install.md has it.</summary>
public sealed class PackageLifeTests(PackageFixture package) : IClassFixture<PackageFixture>, IDisposable
{
    private const int Held = 20;

    private readonly PackageBed bed = new(package.Package);

    private SystemdMachine Machine => bed.Machine;

    private NetProbe Outside => bed.Bed.Outside;

    public void Dispose() => bed.Dispose();

    [Fact]
    public void It_is_installed_restarted_upgraded_removed_and_installed_again_and_no_connection_breaks()
    {
        var unit = bed.Bed.Keep(NetProbe.Start(Machine.StartUnit("client")));
        // Units that name another are why systemd keeps what it has read of it.
        Machine.StartUnit("other", "[Unit]", "After=ebpflb.service");
        Machine.Execute("apt-get", "install", "--yes", "/root/ebpflb.deb");
        Assert.Equal(("disabled", "inactive"), (Machine.Try("systemctl", "is-enabled", "ebpflb").Output.Trim(), State()));
        bed.PutManifests();
        Machine.Write("/usr/sbin/modprobe", "#!/bin/sh\necho \"$@\" >>/run/modprobe\n");
        Machine.Execute("chmod", "+x", "/usr/sbin/modprobe");
        Machine.Execute("systemctl", "enable", "--now", "ebpflb");
        bed.WaitUntilReady();
        Assert.Contains("nf_conntrack", Machine.Execute("cat", "/run/modprobe"), StringComparison.Ordinal);
        foreach (var family in (Family[])[Family.IPv4, Family.IPv6])
        {
            Outside.Do($"hold id={family} to={bed.Bed.ToNodePort(family)} count={Held}");
            unit.Do($"hold id={family} to={MigrationBed.ToClusterIP(family)} count={Held}");
        }
        var loads = new List<BackgroundLoad>();
        foreach (var (probe, to) in ((NetProbe, Func<Family, string>)[])[(Outside, bed.Bed.ToNodePort), (unit, MigrationBed.ToClusterIP)])
        {
            foreach (var family in (Family[])[Family.IPv4, Family.IPv6])
                loads.Add(probe.Start(new LoadSpec(LoadMode.Tcp, to(family)) { Rate = 50 }));
        }

        Machine.Execute("systemctl", "restart", "ebpflb");
        bed.WaitUntilReady();
        Machine.Execute("systemctl", "daemon-reexec");
        AssertHeld();

        Machine.Execute("sh", "-c", $"echo '# of this machine' >>{PackageBed.Config}");
        Machine.Copy(package.Newer, "/root/newer.deb");
        var before = Machine.Property("ebpflb", "MainPID");
        AssertQuiet(Machine.Execute("dpkg", "--install", "/root/newer.deb"));
        bed.WaitUntilReady();
        Assert.NotEqual(before, Machine.Property("ebpflb", "MainPID"));
        Assert.EndsWith("# of this machine", Machine.Execute("cat", PackageBed.Config), StringComparison.Ordinal);
        AssertHeld();

        var said = Machine.Execute("dpkg", "--remove", "ebpflb");
        Assert.Contains("the balancing of Services stays in force", said, StringComparison.Ordinal);
        AssertQuiet(said);
        Assert.Equal("not-found", Machine.Property("ebpflb", "LoadState"));
        AssertHeld();
        Assert.True(Machine.Has(PackageBed.Config));
        Machine.Execute("dpkg", "--purge", "ebpflb");
        // What the user put there is the user's.
        Assert.Equal((false, true), (Machine.Has(PackageBed.Config), Machine.Has($"{PackageBed.Manifests}/web.yaml")));
        AssertHeld();

        Machine.Execute("dpkg", "--install", "/root/ebpflb.deb");
        Machine.Execute("systemctl", "enable", "--now", "ebpflb");
        bed.WaitUntilReady();
        AssertHeld();
        foreach (var load in loads)
        {
            var report = load.Stop();
            Assert.True(report.IsClean, report.Line);
        }
        Machine.Execute("systemctl", "stop", "ebpflb");
        Machine.Execute("ebpflb", "cleanup");
        Machine.Execute("dpkg", "--purge", "ebpflb");
        Assert.Equal((false, false), (Machine.Has("/run/ebpflb"), Machine.Has("/sys/fs/bpf/ebpflb")));

        void AssertHeld()
        {
            foreach (var load in loads) load.AfterMore(5);
            foreach (var probe in (NetProbe[])[Outside, unit])
            {
                foreach (var family in (Family[])[Family.IPv4, Family.IPv6])
                    Assert.Equal(Held, probe.Do($"exchange id={family}").Number("answered"));
            }
        }
    }

    /// <summary>
    /// systemd takes an end by SIGHUP for a wanted one, and by itself leaves a unit alone that was started five times in ten seconds.
    /// </summary>
    [Fact]
    public void The_agent_is_started_again_whatever_ended_it()
    {
        bed.Install();
        foreach (var signal in (string[])["HUP", "KILL"])
        {
            var restarts = Restarts();
            Machine.Execute("systemctl", "kill", "--signal", signal, "ebpflb");
            Eventually.True(() => Restarts() > restarts && State() == "active", Machine.Journal);
        }
        bed.WaitUntilReady();

        var config = Machine.Execute("cat", PackageBed.Config);
        Machine.Write(PackageBed.Config, "kind: Nothing\n");
        Machine.Try("systemctl", "restart", "ebpflb");
        Eventually.True(() => Restarts() >= 6, Machine.Journal);
        Assert.Contains("Nothing", Machine.Execute("journalctl", "--unit", "ebpflb", "--output", "cat", "--priority", "err"));
        Machine.Write(PackageBed.Config, config);

        Eventually.True(() => State() == "active", Machine.Journal);
        bed.WaitUntilReady();
    }

    /// <summary>All processes of the machine end but the first one, and the kernel goes on. The pods are not among them here.</summary>
    [Fact]
    public void A_soft_reboot_leaves_the_balancing_in_force_and_the_agent_takes_it_over()
    {
        bed.Install();
        Outside.Do($"hold id=held to={bed.Bed.ToNodePort(Family.IPv4)} count={Held}");
        var load = Outside.Start(new LoadSpec(LoadMode.Tcp, bed.Bed.ToNodePort(Family.IPv6)) { Rate = 50 });
        var before = Machine.Property("ebpflb", "MainPID");

        Machine.Try("systemctl", "soft-reboot");

        // For a moment systemd answers nobody, and who has asked just then waits for ever.
        string[] ask = ["timeout", "5", "systemctl", "show", "--property", "MainPID", "--value", "ebpflb"];
        Eventually.True(() => Machine.Try(ask) is (0, var said) && said.Trim() is var now && now != "0" && now != before, Machine.Journal);
        bed.WaitUntilReady();
        load.AfterMore(5);
        Assert.Equal(Held, Outside.Do("exchange id=held").Number("answered"));
        var report = load.Stop();
        Assert.True(report.IsClean, report.Line);
    }

    [Fact]
    public void What_the_agent_warns_of_is_a_warning_in_the_journal()
    {
        bed.Install();
        Machine.Write($"{PackageBed.Manifests}/broken.yaml", "kind: [\n");

        Eventually.True(() => Warnings().Contains("broken.yaml", StringComparison.Ordinal), Machine.Journal);

        Assert.DoesNotContain(" info ", Warnings(), StringComparison.Ordinal);
        Assert.Contains(" info ", Machine.Execute("journalctl", "--unit", "ebpflb", "--output", "cat"), StringComparison.Ordinal);

        string Warnings() => Machine.Execute("journalctl", "--unit", "ebpflb", "--output", "cat", "--priority", "warning");
    }

    private string State() => Machine.Property("ebpflb", "ActiveState");

    private int Restarts() => int.Parse(Machine.Property("ebpflb", "NRestarts"), CultureInfo.InvariantCulture);

    /// <summary>dpkg has nothing to warn of but files of the user.</summary>
    private static void AssertQuiet(string said) => Assert.DoesNotContain(said.Split('\n'), line
        => line.StartsWith("dpkg: warning", StringComparison.Ordinal) && !line.Contains(PackageBed.Manifests, StringComparison.Ordinal));
}
